-- wrk: POST the bodies in the files named by BENCH_BODIES (separated by spaces) in turn, with BENCH_KEY as Bearer.
-- No event has an id of the client's, so the server counts every copy of a body as events of their own.
-- At the end one line of JSON goes to standard output; wrk's own report is left aside.
local requests, at = {}, 0

init = function()
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  wrk.headers["authorization"] = "Bearer " .. os.getenv("BENCH_KEY")
  for name in string.gmatch(os.getenv("BENCH_BODIES"), "%S+") do
    local file = assert(io.open(name, "rb"))
    requests[#requests + 1] = wrk.format(nil, nil, nil, file:read("*a"))
    file:close()
  end
end

request = function()
  at = at % #requests + 1
  return requests[at]
end

done = function(summary, latency)
  io.write(string.format(
    '\nBENCH {"answered": %d, "refused": %d, "broken": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "p999_us": %d}\n',
    summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
