// The Worker: hands each request to the core and performs what the core asks for. No path, header, model or status is known here, but
// for the one answer that the core cannot give: that it has died.
import { Operation } from './abi.mjs';
import { Conversation } from './conversation.mjs';
import { Core } from './core.mjs';

let core;

// The instance of this isolate; a new one in the place of one that died, with the counts that it left.
function livingCore(variables, context) {
  if (core && !core.dead) return core;
  const salvaged = core?.salvaged;
  core = new Core(variables);
  if (salvaged?.length > 0) beginSpawned(core, core.adopt(salvaged)?.spawned() ?? [], context);
  return core;
}

function beginSpawned(owner, tasks, context) {
  return tasks.map((task) => {
    const conversation = new Conversation(null, owner.variables);
    const ended = drive(owner, conversation, () => owner.begin(task), context).catch(() => {}).finally(() => conversation.end());
    context.waitUntil(ended);
    return ended;
  });
}

// Runs one flow to its end: each operation is performed and its outcome handed back.
async function drive(owner, conversation, begin, context) {
  let task;
  try {
    let returned = begin();
    ({ task } = returned);
    for (;;) {
      const isDone = returned.kind === Operation.done;
      const spawned = returned.spawned();
      const pending = isDone ? undefined : conversation.perform(returned);
      conversation.spawned.push(...beginSpawned(owner, spawned, context));
      if (isDone) return;
      const outcome = await pending;
      if (owner.dead) throw new Error('the instance has died');
      returned = owner.resume(task, outcome);
    }
  } catch (error) {
    if (!owner.dead) console.error(JSON.stringify({ event: 'operation_failed', error: error.name })); // its words may quote a header
    if (task !== undefined) owner.cancel(task); // what it had begun is counted, its key set free
    throw error;
  }
}

// In a form that OpenAI's and Anthropic's clients both read.
function died() {
  const body = { type: 'error', error: { message: 'the pool failed on this request; it has been restarted', type: 'server_error', code: 'internal', param: null } };
  return Response.json(body, { status: 500, headers: { 'x-request-id': crypto.randomUUID(), 'access-control-allow-origin': '*', 'cache-control': 'no-store' } });
}

export default {
  fetch(request, variables, context) {
    const conversation = new Conversation(request, variables);
    const driven = (async () => {
      const owner = livingCore(variables, context);
      await drive(owner, conversation, () => owner.start(request), context);
    })();
    context.waitUntil(driven.catch(() => conversation.forwarded?.identity && conversation.forwarded.end()).finally(() => {
      if (!conversation.isAnswered) conversation.answer(died());
      conversation.end();
    }));
    return conversation.response;
  },

  async scheduled(_event, variables, context) {
    const owner = livingCore(variables, context);
    const conversation = new Conversation(null, variables);
    await drive(owner, conversation, () => owner.scheduled(), context).finally(() => conversation.end());
  },
};
