/**
 * Who talks to whom: addresses as text, processes by pid, the node, and which connections are open.
 *
 * Everything is synchronous and owned by the caller's thread. Reads /proc and /sys and nothing else; a process is read
 * once and stays known after its end. Tables are bounded, and count what had to make room.
 *
 * @module
 */
export { type AddressFamily, formatAddress, formatEndpoint } from "./address.ts";
export {
	type ConnectionState,
	ConnectionTable,
	type ConnectionTableOptions,
	type ConnectionTableStats,
} from "./connection-table.ts";
export { ExistenceCheck, type ExistenceCheckOptions, type Presence } from "./existence-check.ts";
export { HostPairs, type HostSocket } from "./host-pairs.ts";
export { monotonicClock } from "./monotonic-clock.ts";
export { bootTime, type NetworkInterface, type NodeInfo, networkInterfaces, nodeInfo } from "./node-info.ts";
export { type Endpoint, isLocalAddress, localAddresses, needsPeer, type PeerCandidate, realPeer } from "./peer.ts";
export { matchProcesses, type ProcessInfo, readProcess } from "./process-info.ts";
export {
	type PortSelection,
	type ProcessCriteria,
	type ProcessSelection,
	selectsPorts,
	selectsProcess,
} from "./process-selection.ts";
export { type ProcessHint, ProcessTable, type ProcessTableOptions } from "./process-table.ts";
export { SelectedProcesses, type SelectedProcessesOptions } from "./selected-processes.ts";
export type {
	TlsProbeOwner,
	TlsProbePoint,
	TlsProbeStage,
	TlsProbeState,
	TlsProgram,
} from "./tls/file-probes.ts";
export type { ProbeCost } from "./tls/probe-cost.ts";
export { TLS_COSTS, tlsFunctionText, tlsStateText } from "./tls/probe-text.ts";
export { systemTlsLibraries } from "./tls/system-libraries.ts";
export {
	type TlsCall,
	type TlsFunction,
	type TlsFunctions,
	type TlsLibrary,
	type TlsSite,
	type TlsSites,
	untestedLibrary,
} from "./tls/tls-functions.ts";
export {
	type TlsFile,
	TlsProbes,
	type TlsProbesOptions,
	type TlsVisibility,
} from "./tls/tls-probes.ts";
