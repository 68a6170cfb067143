/** Debian's source packages that the prebuilt libraries are made from. */
export const SOURCES = [
	{ name: "libbpf", version: "1.1.2-0+deb12u1", license: "LGPL-2.1-only OR BSD-2-Clause" },
	{ name: "elfutils", version: "0.188-2.1", license: "LGPL-3.0-or-later OR GPL-2.0-or-later" },
	{ name: "zlib", version: "1:1.2.13.dfsg-1", license: "Zlib" },
] as const;
