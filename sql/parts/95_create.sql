-- The providers. Use one alone? Leave the other's line out.
select public.pool_create_provider('ollama');
select public.pool_create_provider('openrouter');

notify pgrst, 'reload schema';
