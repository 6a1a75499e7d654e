-- post_event.lua - wrk: single events, each with an id that no other request of any run has.
--
-- SPDX-License-Identifier: Apache-2.0
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local prefix
local serial = 0
function init(args)
  prefix = string.format("%s-%d-", args[1] or tostring(os.time()), number)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  serial = serial + 1
  return wrk.format(nil, nil, nil, string.format(
    '{"userId":"portal-00001","listingId":"l-%010d","eventType":"view","platform":"facebook","source":"website","id":"%s%d"}',
    serial * 7919 % 10000, prefix, serial))
end

