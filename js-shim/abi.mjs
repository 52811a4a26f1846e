// Generated from worker/abi.def by tools/generate_abi.mjs; do not edit.
export const Operation = Object.freeze({ done: 0, read_request_body: 1, fetch: 2, read_body: 3, cancel_body: 4, respond: 5, forward: 6, observe: 7, finish: 8, sleep: 9, random_bytes: 10, rate_limit: 11, socket_exchange: 12, data_point: 13, write: 16, join: 17, forward_head: 18, cache_get: 19, cache_put: 20 });
export const Status = Object.freeze({ ok: 0, timeout: 1, failed: 2, client_gone: 3, too_large: 4, no_room: 5 });
export const Body = Object.freeze({ none: 0, bytes: 1, client: 2 });
export const Word = Object.freeze({ kind: 0, task: 1, a: 2, b: 3, c: 4, d: 5, texts: 6, spawned: 16, words: 18 });
