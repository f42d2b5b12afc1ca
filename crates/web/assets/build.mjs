// Makes the files that pages need, each under a name that changes with its content, gzip and brotli beside it, and
// `assets.rs`, which tells the crate of them.  node build.mjs OUT
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";
import { compile } from "sass";

const out = process.argv[2];
const files = join(out, "files");
const packages = "node_modules";
const components = join(packages, "govuk-frontend/dist/govuk/components");
rmSync(files, { recursive: true, force: true });
mkdirSync(files, { recursive: true });

const rows = [];

/** Writes the file under its hashed name, which is returned. */
function keep(name, media, bytes, compressed = true) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const dot = name.lastIndexOf(".");
  const served = `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
  const write = (suffix, content) => {
    const path = join(files, served + suffix);
    writeFileSync(path, content);
    return `include_bytes!(${JSON.stringify(path)})`;
  };
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  const plain = write("", bytes);
  const packed = compressed
    ? `Some(Packed { gzip: ${write(".gz", gzipSync(bytes, { level: 9 }))}, brotli: ${write(".br", brotliCompressSync(bytes, quality))} })`
    : "None";
  rows.push(`    File { name: "${name}", url: "/assets/${served}", media: "${media}", plain: ${plain}, packed: ${packed} },`);
  return served;
}

const fonts = Object.fromEntries(
  ["cyrillic", "latin"].map((part) => {
    const path = join(packages, `@fontsource-variable/golos-text/files/golos-text-${part}-wght-normal.woff2`);
    return [`golos-${part}.woff2`, keep(`golos-${part}.woff2`, "font/woff2", readFileSync(path), false)];
  }),
);

/** A sheet with the letters at the addresses they are served under. */
function sheet(source) {
  const { css } = compile(source, { loadPaths: [packages], style: "compressed" });
  const named = css.replace(/url\("?(golos-[a-z]+\.woff2)"?\)/g, (_, name) => `url(/assets/${fonts[name]})`);
  for (const strange of named.match(/url\((?!\/assets\/golos-|"data:|data:)[^)]*\)/g) ?? []) {
    throw new Error(`${source} names ${strange}`);
  }
  if (/GDS Transport|crown|crest/i.test(named)) {
    throw new Error(`${source} has somebody else's letters or emblem`);
  }
  return named;
}

keep("app.css", "text/css; charset=utf-8", Buffer.from(sheet("styles.scss")));
// The top's style stands in the page; the policy of pages names its digest.
const top = sheet("head.scss").replace(/^\uFEFF/, "");
if (/<\//.test(top)) {
  throw new Error("head.scss would end its element");
}
writeFileSync(join(out, "head.css"), top);
writeFileSync(join(out, "head.sha256"), createHash("sha256").update(top).digest("base64"));

const script = await build({
  entryPoints: ["app.js"], bundle: true, minify: true, format: "esm", target: "es2020", write: false,
  legalComments: "none",
});
keep("app.js", "text/javascript; charset=utf-8", Buffer.from(script.outputFiles[0].contents));
keep("favicon.svg", "image/svg+xml", readFileSync("favicon.svg"));

// The one package says its licence in its README only, the other in a file.
const readme = readFileSync(join(packages, "govuk-frontend/README.md"), "utf8");
const [, licence] = /## Licence\n+([^]*?)(\n## |$)/.exec(readme);
const letters = readFileSync(join(packages, "@fontsource-variable/golos-text/LICENSE"), "utf8");
const notice = `govuk-frontend\n\n${licence.trim()}\n\n\nGolos Text\n\n${letters.trim()}\n`;
keep("licences.txt", "text/plain; charset=utf-8", Buffer.from(notice));

writeFileSync(join(out, "assets.rs"), `&[\n${rows.join("\n")}\n]\n`);

// Names of countries as Unicode CLDR has them, in the order of the languages of the portal.
const letters26 = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const names = ["en", "be", "ru"].map((lang) => new Intl.DisplayNames([lang], { type: "region", fallback: "none" }));
const countries = letters26.flatMap((first) => letters26.map((second) => first + second))
  .filter((code) => names.every((language) => language.of(code)))
  .map((code) => `    (${[code, ...names.map((language) => language.of(code))].map((text) => JSON.stringify(text)).join(", ")}),`);
writeFileSync(join(out, "countries.rs"), `&[\n${countries.join("\n")}\n]\n`);

// What the package says its components look like, for the tests of our macros.
for (const name of [
  "accordion", "back-link", "breadcrumbs", "button", "checkboxes", "date-input", "details", "error-message",
  "error-summary", "fieldset", "file-upload", "hint", "input", "inset-text", "label", "notification-banner",
  "pagination", "panel", "password-input", "phase-banner", "radios", "select", "skip-link", "summary-list", "table",
  "tabs", "tag", "task-list", "textarea", "warning-text",
]) {
  cpSync(join(components, name, "fixtures.json"), join(out, "fixtures", `${name}.json`));
}
