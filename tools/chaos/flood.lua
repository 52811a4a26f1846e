-- wrk's side of tools/chaos/flood.mjs: every request comes with a token that nobody has made, and is to be refused.
local number = 0
function init() math.randomseed(os.time()) end
function request()
  number = number + 1
  return wrk.format("GET", "/v1/models", { ["Authorization"] = string.format("Bearer flood-%d-%d", number, math.random(1, 2147483647)) })
end
function response(status)
  if status ~= 401 and status ~= 429 then print("unexpected " .. status) end
end
