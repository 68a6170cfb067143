-- For wrk: requests of a small shop, some thousand a second.
local paths = {
	"/", "/", "/orders", "/orders/%d", "/orders/%d", "/orders/%d/items", "/users/%d", "/users/%d", "/users/%d/cart",
	"/search?q=%d", "/login", "/static/app.js", "/static/app.js", "/missing/%d",
}
local at = 0

function request()
	at = at + 1
	if at % 211 == 0 then return wrk.format("POST", "/payments") end
	if at % 17 == 0 then return wrk.format("POST", "/orders", { ["content-type"] = "application/json" }, '{"item":7}') end
	return wrk.format("GET", string.format(paths[at % #paths + 1], math.random(1000, 9999)))
end

-- Milliseconds.
function delay() return math.random(1, 6) end
