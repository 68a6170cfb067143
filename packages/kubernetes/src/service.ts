import type { KubernetesObject } from "./informer.ts";

/** The parts of a service that are read. */
export interface ServiceObject extends KubernetesObject {
	readonly metadata: KubernetesObject["metadata"] & { readonly name?: string; readonly namespace?: string };
	readonly spec?: {
		readonly selector?: Readonly<Record<string, string>> | null;
		readonly clusterIPs?: readonly string[];
		readonly clusterIP?: string;
	};
}

/** What is kept of a service. */
export interface ServiceFacts {
	readonly namespace: string;
	readonly name: string;
	readonly selector: Readonly<Record<string, string>>;
	readonly ips: readonly string[];
}

export function serviceFacts({ metadata, spec = {} }: ServiceObject): ServiceFacts {
	const ips = spec.clusterIPs ?? [spec.clusterIP ?? ""];
	return {
		namespace: metadata.namespace ?? "",
		name: metadata.name ?? "",
		selector: spec.selector ?? {},
		ips: ips.filter((ip) => ip !== "" && ip !== "None"),
	};
}

/** Whether a service's selector means a pod with these labels. One without a selector means none. */
export function selectsPod(
	service: ServiceFacts,
	namespace: string,
	labels: Readonly<Record<string, string>>,
): boolean {
	const wanted = Object.entries(service.selector);
	if (service.namespace !== namespace || wanted.length === 0) return false;
	return wanted.every(([name, value]) => labels[name] === value);
}

/** The service that a pod is named after: of several the shortest name, then the first by its letters. */
export function serviceOf(
	services: Iterable<ServiceFacts>,
	namespace: string,
	labels: Readonly<Record<string, string>>,
): string {
	const names = [];
	for (const service of services) if (selectsPod(service, namespace, labels)) names.push(service.name);
	return names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0] ?? "";
}
