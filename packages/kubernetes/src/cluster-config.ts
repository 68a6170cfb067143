import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { parse } from "yaml";
import { KubernetesError } from "./kubernetes-error.ts";

/** How the API server is reached. Certificates and keys are PEM text. */
export interface ClusterConfig {
	/** `https://10.96.0.1:443`. */
	readonly server: string;
	readonly ca?: string;
	/** Believe any certificate: only where the kubeconfig says so. */
	readonly insecure?: boolean;
	readonly token?: string;
	/** Read again for every request: the kubelet renews it. */
	readonly tokenFile?: string;
	readonly cert?: string;
	readonly key?: string;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

type Environment = Readonly<Record<string, string | undefined>>;

/** What every pod is given; undefined outside of a cluster. */
export function inClusterConfig(
	env: Environment = process.env,
	folder: string = SERVICE_ACCOUNT,
): ClusterConfig | undefined {
	const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
	if (!host) return undefined;
	const tokenFile = join(folder, "token");
	const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
	return { server, ca: readText(join(folder, "ca.crt"), "the cluster's certificate"), tokenFile };
}

/** Where the kubeconfig lies that kubectl would read first. */
export function kubeconfigPath(env: Environment = process.env): string {
	return env["KUBECONFIG"]?.split(":")[0] || join(homedir(), ".kube", "config");
}

interface Named {
	readonly name?: string;
	readonly [kind: string]: unknown;
}
type Fields = Readonly<Record<string, unknown>>;

/** The current context of a kubeconfig, or the one that is named. */
export function kubeconfig(file: string, contextName?: string): ClusterConfig {
	const config = fields(parseYaml(file));
	const name = contextName ?? text(config, "current-context");
	if (!name) throw broken(file, "it names no current context: kubectl config use-context NAME");
	const context = section(file, config, "contexts", "context", name);
	const cluster = section(file, config, "clusters", "cluster", text(context, "cluster") ?? "");
	const userName = text(context, "user");
	const user = userName ? section(file, config, "users", "user", userName) : {};
	const server = text(cluster, "server");
	if (!server) throw broken(file, `the cluster of context '${name}' has no server`);
	if (user["exec"] || user["auth-provider"]) {
		throw broken(
			file,
			`user '${userName}' logs in by a program, which an agent cannot: use a service account's token or a client certificate`,
		);
	}
	const folder = dirname(file);
	const tokenFile = text(user, "tokenFile");
	return {
		server,
		...optional("ca", pem(folder, cluster, "certificate-authority")),
		...(cluster["insecure-skip-tls-verify"] === true ? { insecure: true } : {}),
		...optional("token", text(user, "token")),
		...optional("tokenFile", tokenFile && resolve(folder, tokenFile)),
		...optional("cert", pem(folder, user, "client-certificate")),
		...optional("key", pem(folder, user, "client-key")),
	};
}

function parseYaml(file: string): unknown {
	const source = readText(file, "the kubeconfig");
	try {
		return parse(source);
	} catch (error) {
		throw broken(file, (error as Error).message.split("\n", 1)[0] ?? "it is not YAML");
	}
}

function section(file: string, config: Fields, list: string, kind: string, name: string): Fields {
	const entries = Array.isArray(config[list]) ? (config[list] as Named[]) : [];
	const entry = entries.find((one) => one?.name === name);
	if (!entry) throw broken(file, `there is no '${name}' among its ${list}`);
	return fields(entry[kind]);
}

/** A certificate or key, from the file itself (`…-data`, base64) or from the one it names. */
function pem(folder: string, from: Fields, name: string): string | undefined {
	const data = text(from, `${name}-data`);
	if (data) return Buffer.from(data, "base64").toString("utf8");
	const file = text(from, name);
	return file ? readText(resolve(folder, file), `the ${name}`) : undefined;
}

function fields(value: unknown): Fields {
	return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function text(from: Fields, name: string): string | undefined {
	const value = from[name];
	return typeof value === "string" && value !== "" ? value : undefined;
}

function optional<K extends string>(name: K, value: string | undefined): { [Name in K]?: string } {
	return value ? ({ [name]: value } as { [Name in K]?: string }) : {};
}

function readText(file: string, what: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new KubernetesError(
			"ERR_KUBERNETES_CONFIG",
			`Cannot read ${what} from '${file}': ${(error as Error).message}`,
			{
				cause: error,
			},
		);
	}
}

function broken(file: string, why: string): KubernetesError {
	return new KubernetesError("ERR_KUBERNETES_CONFIG", `Cannot use the kubeconfig '${file}': ${why}`);
}
