// A client that sends a request and resets its connection: at once, or when it has seen something of the answer.
import { request } from 'node:http';

/**
 * Resolves to what had arrived when it left. `leaves(text)` is asked with each piece; without it the client leaves after `after_ms`,
 * whatever has come.
 */
export function leaveInTheMiddle(url, { token, body, headers = {}, leaves, after_ms }) {
  return new Promise((done) => {
    let text = '';
    const sent = request(url, { method: 'POST', agent: false, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers } });
    const leave = () => {
      sent.socket?.resetAndDestroy();
      done(text);
    };
    sent.on('error', () => done(text));
    sent.on('response', (response) => {
      response.on('error', () => done(text));
      response.on('end', () => done(text));
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
        if (leaves?.(text)) leave();
      });
    });
    if (after_ms !== undefined) setTimeout(leave, after_ms);
    sent.end(JSON.stringify(body));
  });
}
