import {
	EVENT_LOST,
	LEFT_OUT,
	LOSS_ADVICE,
	OPERATION_LOST,
	OPERATION_SKIPPED,
	RECORD_LOST,
	REQUEST_LOST,
} from "@wirescribe/access-log";
import { REASONS } from "../../packages/http1-parser/src/reason-texts.ts";

type Reasons = Readonly<Record<string, string>>;

const INTRODUCTION = `# What is lost, and what to do

Every operation, request and record is accounted for in the ledger (at exit, on SIGUSR2, in \`--ledger FILE\`), and in \`/metrics\` as
\`wirescribe_lost_total{stage, reason}\`. Nothing is lost without a reason from this page. Three identities hold, and the agent says so when
one does not:

    operations  seen = skipped + submitted + lost; submitted = drained + in ring
    requests    read + lost in the kernel + not watched = logged + partial + unpaired + left out + lost + open
    records     accepted = acked + retained + spooled + lost
`;

/** docs/losses.md, from the vocabulary that the ledger, the metrics and the records share. */
export function lossesPage(): string {
	return [
		INTRODUCTION,
		withAdvice("Stage kernel", "Operations that the agent never got.", OPERATION_LOST),
		withAdvice(
			"Stage kernel: other events",
			"What was lost beside operations. No request is missing by it alone.",
			EVENT_LOST,
		),
		withAdvice("Stage requests", "Requests without a record, whatever the reason.", REQUEST_LOST),
		withAdvice("Stage delivery", "Records that did not reach the backend.", RECORD_LOST),
		plain(
			"Partial and unpaired",
			"These requests are logged, and the record says what of it is not known (`partial`), or that the other half is missing (`unpaired`): counted in `wirescribe_message_reasons_total`. Where bytes were lost, the reason stands at stage kernel, too.",
			REASONS,
		),
		plain(
			"Left out on purpose",
			"No loss: the [data policy](data-policy.md) wants it so, or a [budget](self-protection.md) could not be kept otherwise. `wirescribe_left_out_total`, and in the ledger by reason.",
			LEFT_OUT,
		),
		plain("Skipped on purpose", "No loss: `wirescribe_kernel_operations_skipped_total`.", OPERATION_SKIPPED),
	].join("\n");
}

function withAdvice(title: string, about: string, reasons: Reasons): string {
	const rows = Object.entries(reasons).map(([reason, text]) => `| \`${reason}\` | ${text} | ${adviceFor(reason)} |`);
	return `## ${title}\n\n${about}\n\n| reason | why | what to do |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

function plain(title: string, about: string, reasons: Reasons): string {
	const rows = Object.entries(reasons).map(([reason, text]) => `| \`${reason}\` | ${text} |`);
	return `## ${title}\n\n${about}\n\n| reason | why |\n| --- | --- |\n${rows.join("\n")}\n`;
}

function adviceFor(reason: string): string {
	const advice = LOSS_ADVICE[reason];
	if (advice === undefined) throw new Error(`Cannot document the loss '${reason}': add it to LOSS_ADVICE`);
	return advice;
}
