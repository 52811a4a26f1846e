-- wrk's side of a measurement: one fixed request, sent again and again. Arguments: token, shape of the answer, bytes of the body.
-- The last line it prints is one line of JSON; times are in microseconds.
local token, shape, bytes

function init(args)
  token, shape, bytes = args[1], args[2], tonumber(args[3])
  local before = '{"model":"gpt-oss:20b","stream":' .. tostring(shape:find("stream") ~= nil) .. ',"messages":[{"role":"user","content":"'
  local after = '"}]}'
  wrk.method = "POST"
  wrk.body = before .. string.rep("word ", math.floor((bytes - #before - #after) / 5)) .. after
  wrk.headers["authorization"] = "Bearer " .. token
  wrk.headers["content-type"] = "application/json"
  wrk.headers["openai-beta"] = shape  -- a header that the pool passes on: nginx_upstream.mjs answers by it
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('\n{"requests":%d,"duration_us":%d,"bytes":%d,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
