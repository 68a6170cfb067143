import type { Instant } from "@wirescribe/access-log";
import { createDataPolicy, DataPolicy, type DataPolicyOptions, type Protection } from "@wirescribe/data-policy";
import { LineOutput, MessageOutput, OutputBuffer, type RecordOutput } from "@wirescribe/pipeline";
import type { Throttle } from "../protection/ladder.ts";

/** What is needed to write records. */
export interface RecordOutputData {
	readonly lines: "text" | "json" | undefined;
	readonly messages: boolean;
	readonly color: boolean;
	readonly bootTime: Instant;
	readonly queryValues: boolean;
	readonly policy: DataPolicyOptions;
	/** How many partitions there are: rate limits are shared between them. */
	readonly partitions: number;
}

/** Where a partition's records go, and what of them may. */
export interface RecordWriting {
	readonly output: RecordOutput;
	readonly policy: DataPolicy | undefined;
	readonly frames: OutputBuffer;
}

/** Sends each record to several outputs, which may be others later. */
export class Outputs implements RecordOutput {
	outputs: readonly RecordOutput[];
	constructor(outputs: readonly RecordOutput[]) {
		this.outputs = outputs;
	}
	transaction: RecordOutput["transaction"] = (transaction, operations, sequence) => {
		for (const output of this.outputs) output.transaction(transaction, operations, sequence);
	};
	operations: RecordOutput["operations"] = (connection, operations, sequence) => {
		for (const output of this.outputs) output.operations(connection, operations, sequence);
	};
}

/** What a partition writes its records to, and the frames that come of it. */
export function recordOutput(data: RecordOutputData): RecordWriting {
	const frames = new OutputBuffer();
	const policy = createDataPolicy(data.policy, data.partitions);
	return { output: new Outputs(outputsOf(data, policy, frames)), policy, frames };
}

/** An output for each form that is asked for. */
export function outputsOf(
	data: RecordOutputData,
	policy: DataPolicy | undefined,
	frames: OutputBuffer,
): RecordOutput[] {
	const queryValues = data.queryValues || policy?.judgesQueries === true;
	const outputs: RecordOutput[] = [];
	if (data.lines) outputs.push(new LineOutput(frames, { output: data.lines, ...data, queryValues }));
	if (data.messages) outputs.push(new MessageOutput(frames));
	return outputs;
}

/** What the options ask for and what is left out beside that; undefined: nothing is to be done for a transaction. */
export function protectedPolicy(
	data: Pick<RecordOutputData, "policy" | "partitions">,
	throttle: Throttle,
): DataPolicy | undefined {
	const protection = protectionOf(throttle);
	const policy = createDataPolicy(data.policy, data.partitions);
	if (!protection) return policy;
	const one = policy ?? new DataPolicy({}, data.partitions);
	one.protect(protection);
	return one;
}

/** What of a throttle the policy has to do. */
export function protectionOf({ sampleRatio, endpointPerSecond }: Throttle): Protection | undefined {
	return sampleRatio < 1 || endpointPerSecond !== undefined ? { sampleRatio, endpointPerSecond } : undefined;
}
