import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiServer, until } from "../../../tools/kubernetes/api-server.ts";
import { podList, serviceList } from "../../../tools/kubernetes/recorded.ts";
import {
	type ClusterConfig,
	inClusterConfig,
	type KubernetesError,
	kubeconfig,
	kubeconfigPath,
	NodeWorkloads,
} from "../src/index.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "wirescribe-k8s-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: string): string => {
	writeFileSync(join(folder, name), content);
	return join(folder, name);
};

/** An authority and what it signed for 127.0.0.1, made by openssl. */
function certificate(): { key: string; cert: string; ca: string } {
	const openssl = (...args: string[]): void => {
		execFileSync("openssl", args, { stdio: "pipe", cwd: folder });
	};
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	openssl("req", "-x509", ...key, "-subj", "/CN=test-ca", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt");
	openssl("req", ...key, "-subj", "/CN=kube-apiserver", "-keyout", "server.key", "-out", "server.csr");
	put("names", "subjectAltName=IP:127.0.0.1");
	const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
	openssl("x509", "-req", "-in", "server.csr", ...by, "-out", "server.crt");
	const text = (name: string): string => readFileSync(join(folder, name), "utf8");
	return { key: text("server.key"), cert: text("server.crt"), ca: text("ca.crt") };
}

function watch(config: ClusterConfig, failures: KubernetesError[]): NodeWorkloads {
	return new NodeWorkloads({
		config,
		nodeName: "node-1",
		changed: () => {},
		failed: (error) => failures.push(error),
		backoffMs: { min: 2, max: 10 },
	});
}

test("in a cluster: TLS by the cluster's own authority, and a token that is read again when it was renewed", async () => {
	const { key, cert, ca } = certificate();
	await using server = await ApiServer.start({ key, cert });
	server.list("/api/v1/pods", { body: podList() });
	server.list("/api/v1/services", { body: serviceList() });
	const { hostname, port } = new URL(server.config.server);
	put("ca.crt", ca);
	put("token", "first\n");
	const config = inClusterConfig({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }, folder)!;
	expect(config).toEqual({ server: server.config.server, ca, tokenFile: join(folder, "token") });
	const failures: KubernetesError[] = [];
	const workloads = watch(config, failures);
	try {
		await workloads.synced;
		await until(() => server.watching("/api/v1/pods") === 1);
		expect(server.requests.every(({ authorization }) => authorization === "Bearer first")).toBe(true);
		put("token", "second\n");
		server.end("/api/v1/pods");
		await until(() => server.asked("/api/v1/pods", true).length === 2);
		expect(server.asked("/api/v1/pods", true)[1]?.authorization).toBe("Bearer second");
		expect(failures).toEqual([]);
	} finally {
		workloads.close();
	}
});

test("a server whose certificate nobody vouches for is not believed, unless the kubeconfig says so", async () => {
	const { key, cert } = certificate();
	await using server = await ApiServer.start({ key, cert });
	server.list("/api/v1/pods", { body: podList() });
	server.list("/api/v1/services", { body: serviceList() });
	const failures: KubernetesError[] = [];
	const doubting = watch({ server: server.config.server }, failures);
	await until(() => failures.length >= 2);
	doubting.close();
	expect(failures[0]?.code).toBe("ERR_KUBERNETES_CONNECTION");
	expect(server.requests).toEqual([]);
	const trusting = watch({ server: server.config.server, insecure: true }, []);
	await trusting.synced;
	trusting.close();
});

test("outside of a cluster there is no such configuration; within one a missing file is named", () => {
	expect(inClusterConfig({}, folder)).toBeUndefined();
	expect(() => inClusterConfig({ KUBERNETES_SERVICE_HOST: "10.96.0.1" }, folder)).toThrow(
		/certificate from '.*ca\.crt'/,
	);
	put("ca.crt", "PEM");
	expect(inClusterConfig({ KUBERNETES_SERVICE_HOST: "fd00::1" }, folder)?.server).toBe("https://[fd00::1]:443");
});

const CONFIG = `
apiVersion: v1
kind: Config
current-context: admin@east
clusters:
- name: east
  cluster: {server: "https://10.0.0.1:6443", certificate-authority-data: ${btoa("CA PEM")}}
- name: west
  cluster:
    server: https://10.1.0.1:6443
    insecure-skip-tls-verify: true
contexts:
- {name: admin@east, context: {cluster: east, user: admin}}
- {name: sa@west, context: {cluster: west, user: sa}}
- {name: cloud, context: {cluster: west, user: cloud}}
- {name: lost, context: {cluster: nowhere, user: sa}}
users:
- name: admin
  user: {client-certificate: pki/admin.crt, client-key-data: ${btoa("KEY PEM")}}
- {name: sa, user: {tokenFile: token}}
- {name: cloud, user: {exec: {command: aws}}}
`;

test("a kubeconfig gives the current context's cluster and user, files beside it included", () => {
	const file = put("config", CONFIG);
	mkdirSync(join(folder, "pki"));
	put("pki/admin.crt", "CERT PEM");
	expect(kubeconfig(file)).toEqual({
		server: "https://10.0.0.1:6443",
		ca: "CA PEM",
		cert: "CERT PEM",
		key: "KEY PEM",
	});
	expect(kubeconfig(file, "sa@west")).toEqual({
		server: "https://10.1.0.1:6443",
		insecure: true,
		tokenFile: join(folder, "token"),
	});
	expect(kubeconfigPath({ KUBECONFIG: `${file}:/other` })).toBe(file);
	expect(kubeconfigPath({})).toMatch(/\.kube\/config$/);
});

test("what is wrong with a kubeconfig is said", () => {
	const file = put("config", CONFIG);
	expect(() => kubeconfig(file, "lost")).toThrow(
		`Cannot use the kubeconfig '${file}': there is no 'nowhere' among its clusters`,
	);
	expect(() => kubeconfig(file, "cloud")).toThrow(/logs in by a program/);
	expect(() => kubeconfig(put("empty", ""))).toThrow(/names no current context/);
	expect(() => kubeconfig(put("bad", "a: [1"))).toThrow(/Cannot use the kubeconfig/);
	expect(() => kubeconfig(join(folder, "none"))).toThrow(/Cannot read the kubeconfig from/);
});
