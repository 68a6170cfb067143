-- wrk: every request has a path of its own; the answers are counted by wrk itself.
local prefix, number = "", 0

function init(arguments)
	prefix = arguments[1]
end

function request()
	number = number + 1
	return wrk.format("GET", prefix .. number .. "?size=" .. number % 997)
end
