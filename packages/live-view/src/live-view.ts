import { describeReason, type JsonTransaction } from "@wirescribe/access-log";
import { COLUMNS, type Column, sortGroups } from "./columns.ts";
import { moved, movesCursor } from "./cursor.ts";
import type { Frame } from "./frame.ts";
import type { GroupSummary } from "./group-table.ts";
import { GROUPINGS, type Grouping } from "./grouping.ts";
import { type Prompt, typed } from "./prompt.ts";
import { renderView } from "./render-view.ts";
import { Timeline, type TimelineEntry } from "./timeline.ts";
import { type Predicate, type Seen, TrafficModel } from "./traffic-model.ts";

/** What a view is told when it is made. */
export interface LiveViewOptions {
	/** What is watched, for the title. */
	readonly title: string;
	/** Makes a filter of what was typed; throws an error whose message says what is wrong with it. */
	readonly compileFilter?: (text: string) => Predicate;
	/** A filter to begin with; throws as `compileFilter` does. */
	readonly filter?: string;
	/** A sentence for a reason why an exchange is not whole. */
	readonly describeReason?: (reason: string) => string | undefined;
	/** A recording instead of live traffic, in the order of its time. */
	readonly recording?: readonly TimelineEntry[];
}

/** What the view is at: all that a frame is made of. */
export interface ViewState {
	readonly title: string;
	readonly model: TrafficModel;
	readonly timeline: Timeline | undefined;
	readonly nowMs: number;
	readonly paused: boolean;
	/** Transactions that came during the pause. */
	readonly missed: number;
	readonly screen: "overview" | "detail" | "help";
	readonly focus: "groups" | "requests";
	/** The group whose requests are shown alone. */
	readonly only: string | undefined;
	readonly groups: readonly GroupSummary[];
	/** Newest first. */
	readonly requests: readonly Seen[];
	/** Index in the list; -1: nowhere, the newest are followed. */
	readonly groupCursor: number;
	readonly requestCursor: number;
	readonly sort: Column;
	readonly descending: boolean;
	readonly filterText: string;
	readonly prompt: Prompt | undefined;
	readonly notice: string | undefined;
	readonly describeReason: (reason: string) => string | undefined;
}

/**
 * A live view without a terminal: transactions and keys go in, frames come out.
 *
 * Knows no clock: `tick` says what time it is, and between two ticks frames do not change but by keys. One caller at a time;
 * nothing is thrown for what the wire brought, or for any key.
 */
export class LiveView {
	readonly #options: LiveViewOptions;
	readonly #model = new TrafficModel();
	readonly #timeline: Timeline | undefined;
	#tickMs: number | undefined;
	#nowMs = 0;
	#paused = false;
	#missed = 0;
	#screen: ViewState["screen"] = "overview";
	#focus: ViewState["focus"] = "groups";
	#only: string | undefined;
	/** What the cursors are on, so that they stay with it. */
	#group: string | undefined;
	#request: Seen | undefined;
	#sort: Column = COLUMNS.find(({ id }) => id === "rate") as Column;
	#descending = true;
	#filterText = "";
	#prompt: Prompt | undefined;
	#notice: string | undefined;

	constructor(options: LiveViewOptions) {
		this.#options = options;
		this.#timeline = options.recording && new Timeline(options.recording, this.#model);
		if (options.filter) this.#setFilter(options.filter);
	}

	/** A transaction that was over now. While the view is paused it is counted as missed. */
	add(tx: JsonTransaction): void {
		if (this.#paused) this.#missed++;
		else this.#model.add(tx, this.#nowMs);
	}

	/** What time it is, milliseconds since 1970; a recording plays on by as much as has passed. */
	tick(nowMs: number): void {
		const elapsedMs = Math.max(0, nowMs - (this.#tickMs ?? nowMs));
		if (this.#tickMs === undefined && !this.#timeline) this.#model.countSince(nowMs);
		this.#tickMs = nowMs;
		this.#timeline?.advance(elapsedMs);
		if (this.#timeline) this.#nowMs = this.#timeline.positionMs;
		else if (!this.#paused) this.#nowMs = nowMs;
	}

	/** A line that is shown until it is replaced, such as what was lost; undefined: none. */
	notice(text: string | undefined): void {
		this.#notice = text;
	}

	/**
	 * A key was pressed: `up`, `pagedown`, `enter`, `escape`, `tab`, `space`, `backspace`, `shift-left`, `ctrl-c`, or the character
	 * that was typed. Returns "quit" when the view is to be closed.
	 */
	press(key: string): "quit" | undefined {
		if (key === "ctrl-c") return "quit";
		if (this.#prompt) return this.#type(key, this.#prompt);
		if (key === "q") return "quit";
		if (this.#screen === "help") this.#screen = "overview";
		else if (movesCursor(key)) this.#move(key);
		else if (!this.#timelineKey(key)) this.#command(key);
		return undefined;
	}

	/** What a terminal of this size would show. */
	frame(width: number, height: number): Frame {
		return renderView(this.#state(), Math.max(width, 20), Math.max(height, 5));
	}

	#command(key: string): void {
		if (key === "p" || key === "space") this.#togglePause();
		else if (key === "g") this.#groupBy(GROUPINGS[(GROUPINGS.indexOf(this.#model.grouping) + 1) % GROUPINGS.length]);
		else if (key === "1" || key === "2" || key === "3") this.#groupBy(GROUPINGS[Number(key) - 1]);
		else if (key === "s" || key === "S") this.#sortBy(key === "s" ? 1 : -1);
		else if (key === "r") this.#descending = !this.#descending;
		else if (key === "b") this.#model.once = !this.#model.once;
		else if (key === "/") this.#prompt = { text: this.#filterText, error: undefined };
		else if (key === "?" || key === "h") this.#screen = "help";
		else if (key === "tab") this.#focus = this.#focus === "groups" ? "requests" : "groups";
		else if (key === "enter") this.#enter();
		else if (key === "escape") this.#back();
	}

	#timelineKey(key: string): boolean {
		const timeline = this.#timeline;
		if (!timeline) return false;
		const steps: Readonly<Record<string, number>> = { left: -1, right: 1, "shift-left": -10, "shift-right": 10 };
		if (key === "+" || key === "=") timeline.faster();
		else if (key === "-") timeline.slower();
		else if (Object.hasOwn(steps, key)) timeline.step(steps[key] as number);
		else return false;
		this.#nowMs = timeline.positionMs;
		return true;
	}

	#togglePause(): void {
		if (this.#timeline) {
			this.#timeline.toggle();
			return;
		}
		this.#paused = !this.#paused;
		if (this.#paused) return;
		this.#missed = 0;
		this.#nowMs = this.#tickMs ?? this.#nowMs;
		this.#model.countSince(this.#nowMs);
	}

	#groupBy(grouping: Grouping | undefined): void {
		if (grouping === undefined || grouping === this.#model.grouping) return;
		this.#model.grouping = grouping;
		this.#only = undefined;
		this.#group = undefined;
	}

	#sortBy(step: 1 | -1): void {
		const at = COLUMNS.indexOf(this.#sort) + step + COLUMNS.length;
		this.#sort = COLUMNS[at % COLUMNS.length] as Column;
		// Names read from A; of figures the largest matter.
		this.#descending = this.#sort.id !== "name";
	}

	#enter(): void {
		if (this.#focus === "groups" && this.#only === undefined) {
			this.#only = this.#group ?? this.#groups()[0]?.name;
			this.#request = undefined;
		} else if (this.#screen === "overview") {
			this.#request ??= this.#requests()[0];
			if (this.#request) this.#screen = "detail";
		}
	}

	#back(): void {
		if (this.#screen === "detail") this.#screen = "overview";
		else if (this.#only !== undefined) this.#only = undefined;
		else {
			this.#group = undefined;
			this.#request = undefined;
		}
	}

	#move(key: string): void {
		if (this.#focus === "groups" && this.#only === undefined && this.#screen === "overview") {
			const groups = this.#groups();
			const at = moved(groupIndex(groups, this.#group), key, groups.length);
			this.#group = groups[at]?.name;
			return;
		}
		const requests = this.#requests();
		this.#request = requests[moved(requestIndex(requests, this.#request), key, requests.length)];
	}

	#type(key: string, prompt: Prompt): undefined {
		if (key === "escape") this.#prompt = undefined;
		else if (key === "enter") {
			try {
				this.#setFilter(prompt.text.trim());
				this.#prompt = undefined;
			} catch (error) {
				this.#prompt = { text: prompt.text, error: (error as Error).message };
			}
		} else this.#prompt = typed(prompt, key);
	}

	#setFilter(text: string): void {
		const { compileFilter = noFilter } = this.#options;
		this.#model.filter = text === "" ? undefined : compileFilter(text);
		this.#filterText = text;
	}

	#groups(): readonly GroupSummary[] {
		return sortGroups(this.#model.groups(this.#nowMs), this.#sort, this.#descending);
	}

	#requests(): readonly Seen[] {
		return this.#model.shown(this.#only).toReversed();
	}

	#state(): ViewState {
		const groups = this.#groups();
		const shown = this.#requests();
		// What is being looked at stays, also when newer ones have pushed it out.
		const requests = this.#request && !shown.includes(this.#request) ? [...shown, this.#request] : shown;
		return {
			title: this.#options.title,
			model: this.#model,
			timeline: this.#timeline,
			nowMs: this.#nowMs,
			paused: this.#paused,
			missed: this.#missed,
			screen: this.#screen,
			focus: this.#focus,
			only: this.#only,
			groups,
			requests,
			groupCursor: groupIndex(groups, this.#group),
			requestCursor: requestIndex(requests, this.#request),
			sort: this.#sort,
			descending: this.#descending,
			filterText: this.#filterText,
			prompt: this.#prompt,
			notice: this.#notice,
			describeReason: this.#options.describeReason ?? ((reason) => describeReason(reason)),
		};
	}
}

function groupIndex(groups: readonly GroupSummary[], name: string | undefined): number {
	return name === undefined ? -1 : groups.findIndex((group) => group.name === name);
}

function requestIndex(requests: readonly Seen[], seen: Seen | undefined): number {
	return seen === undefined ? -1 : requests.findIndex(({ id }) => id === seen.id);
}

function noFilter(): never {
	throw new Error("this view has no filters");
}
