// Runs PHP of another version, the real one compiled to WebAssembly:
//   node php.mjs <folder of node_modules> <version> <folders it may see, comma-separated> <arguments of php>…

import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, version, folders, ...args] = process.argv.slice(2);
const load = createRequire(join(modules, "index.js"));
const { PHP, loadPHPRuntime } = load("@php-wasm/universal");
const build = load(`@php-wasm/node-${version.replace(".", "-")}`);

const php = new PHP(await loadPHPRuntime(await build.getPHPLoaderModule(), {}));
for (const folder of folders.split(",")) {
    php.mkdirTree(folder);
    await php.mount(folder, (_, FS, point) => {
        FS.mount(FS.filesystems.NODEFS, { root: folder }, point);
        return () => FS.unmount(point);
    });
}
const run = await php.cli(["php", ...args]);
const output = await run.stdoutText;
// Written whole before the end: process.exit() drops what a pipe has not taken yet.
process.stdout.write(output, async () => process.exit((await run.exitCode) & 255));
