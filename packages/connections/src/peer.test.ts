import { expect, test } from "vitest";
import { isLocalAddress, localAddresses, needsPeer, realPeer } from "./peer.ts";

const host = new Set(["10.0.0.5", "fd00::5"]);
const local = { ip: "10.0.0.5", port: 41_000 };
const remote = { ip: "10.96.0.1", port: 80 };

test("only a client's peer that is not on this host may be hidden", () => {
	expect(needsPeer({ role: "client", local, remote }, host)).toBe(true);
	expect(needsPeer({ role: "server", local, remote }, host)).toBe(false);
	expect(needsPeer({ role: "unknown", local, remote }, host)).toBe(false);
	for (const ip of ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.5", "fd00::5", "0.0.0.0"]) {
		expect(needsPeer({ role: "client", local, remote: { ip, port: 80 } }, host)).toBe(false);
	}
});

test("an answer is the peer when it is another one, and no redirect to a mesh's proxy", () => {
	const server = { ip: "10.1.2.3", port: 8080 };
	expect(realPeer(server, remote, host)).toEqual(server);
	expect(realPeer({ ...remote, port: 81 }, remote, host)).toEqual({ ...remote, port: 81 });
	expect(realPeer(remote, remote, host)).toBeUndefined();
	const proxy = { ip: "127.0.0.1", port: 15_001 };
	expect(realPeer(proxy, remote, host)).toBeUndefined();
	expect(realPeer({ ...proxy, port: 15_006 }, remote, host)).toEqual({ ...proxy, port: 15_006 });
	expect(realPeer(proxy, { ip: "10.0.0.5", port: 80 }, host)).toEqual(proxy);
});

test("this host has a loopback address", () => {
	expect(isLocalAddress([...localAddresses()].find((ip) => ip === "127.0.0.1") ?? "", new Set())).toBe(true);
});
