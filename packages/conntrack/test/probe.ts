/** Runs on the client machine, in any runtime: connects, looks its connections up, prints what it found as JSON. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import {
	Conntrack,
	type LookupResult,
	type LookupTuple,
	parseAddress,
	statusNames,
	type Tuple,
} from "@wirescribe/conntrack";

/** Where a connection goes, and from where. */
const TARGETS: readonly {
	readonly name: string;
	readonly host: string;
	readonly port: number;
	readonly from?: string;
	readonly zone?: number;
}[] = [
	{ name: "plain", host: "10.77.0.2", port: 8080 },
	{ name: "service", host: "10.96.0.1", port: 80 },
	{ name: "masqueraded", host: "10.96.0.1", port: 80, from: "10.88.0.1" },
	{ name: "balanced1", host: "10.96.0.2", port: 80 },
	{ name: "balanced2", host: "10.96.0.2", port: 80 },
	{ name: "source", host: "10.77.0.2", port: 8080, from: "10.89.0.1" },
	{ name: "zoned", host: "10.77.0.4", port: 8080, zone: 5 },
	{ name: "plain6", host: "fd77::2", port: 8080 },
	{ name: "service6", host: "fd96::1", port: 80 },
];

const plain = ({ src, dst, sport, dport }: Tuple): object => ({ src: [...src], dst: [...dst], sport, dport });
const show = (result: LookupResult | undefined): object | undefined =>
	result && "original" in result ? { ...result, original: plain(result.original), reply: plain(result.reply) } : result;

const sockets: Socket[] = [];
try {
	const conntrack = Conntrack.open();
	const tuples: LookupTuple[] = [];
	for (const { host, port, from, zone } of TARGETS) {
		const socket = connect({ host, port, ...(from ? { localAddress: from } : {}) });
		sockets.push(socket);
		await once(socket, "connect");
		const src = parseAddress(from ?? socket.localAddress ?? "");
		tuples.push({ src, dst: parseAddress(host), sport: socket.localPort ?? 0, dport: port, ...(zone ? { zone } : {}) });
	}
	const single = tuples.map((tuple) => conntrack.lookup(tuple));
	const many = conntrack.lookupAll(Array.from({ length: 200 }, (_, i) => tuples[i % tuples.length]!));
	const reversed = single.map((result) =>
		"reply" in result ? conntrack.lookup({ ...result.reply, zone: result.zone }) : result,
	);
	const mapped = { ...tuples[1]!, src: parseAddress("::ffff:10.77.0.1"), dst: parseAddress("::ffff:10.96.0.1") };
	const unknown = conntrack.lookup({ ...tuples[0]!, dport: 9 });
	const otherZone = conntrack.lookup({ ...tuples[0]!, zone: 5 });
	const table = process.argv.includes("--table")
		? ["ipv4", "ipv6"]
				.map((family) => execFileSync("conntrack", ["-L", "-f", family], { encoding: "utf8", stdio: "pipe" }))
				.join("")
		: "";
	const gets = process.argv.includes("--table") ? tuples.map(get) : [];
	conntrack.close();
	const result = {
		found: Object.fromEntries(TARGETS.map(({ name }, i) => [name, show(single[i])])),
		asked: Object.fromEntries(TARGETS.map(({ name }, i) => [name, plain(tuples[i]!)])),
		many: many.map(show),
		reversed: reversed.map(show),
		mapped: show(conntrackOnce(mapped)),
		unknown: show(unknown),
		otherZone: show(otherZone),
		table,
		gets,
		names: single.map((one) => ("status" in one ? statusNames(one.status) : [])),
	};
	process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
	for (const socket of sockets) socket.destroy();
}

/** The line of `conntrack -G` about a tuple; it does not take zones. */
function get({ src, dst, sport, dport, zone }: LookupTuple): string {
	if (zone) return "";
	const hex = (bytes: Uint8Array): string =>
		Buffer.from(bytes)
			.toString("hex")
			.replace(/(.{4})(?!$)/g, "$1:");
	const text = (bytes: Uint8Array): string => (bytes.length === 4 ? bytes.join(".") : hex(bytes));
	const ends = ["-s", text(src), "-d", text(dst), "--sport", String(sport), "--dport", String(dport)];
	return execFileSync("conntrack", ["-G", "-p", "tcp", ...ends], {
		encoding: "utf8",
		stdio: "pipe",
	}).trim();
}

function conntrackOnce(tuple: Tuple): LookupResult {
	const conntrack = Conntrack.open();
	try {
		return conntrack.lookup(tuple);
	} finally {
		conntrack.close();
	}
}
