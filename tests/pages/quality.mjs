// The pages as documents: valid HTML in three languages, small, and nothing asked of other origins.  npm run quality
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { HtmlValidate } from "html-validate";
import { client, office } from "./office.mjs";
import { LANGS, answers, browser, entered, stand } from "./stand.mjs";
import { SERVICE, fields, somebody } from "./walk.mjs";

/** With style and script, without the font. */
const LARGEST = 40 * 1024;

const validator = new HtmlValidate({
  extends: ["html-validate:recommended", "html-validate:document"],
  rules: {
    "doctype-style": ["error", { style: "lowercase" }],
    "valid-id": ["error", { relaxed: true }], // as HTML says: codes of services have dots
    // What govuk-frontend's own fixtures have, with which our macros are compared: links that look like buttons have their
    // role, groups of a date's parts theirs, and the summary of mistakes stands before the heading of the page.
    "prefer-native-element": ["error", { exclude: ["region", "button"] }],
    "no-redundant-role": "off",
    "heading-level": ["error", { minInitialRank: "h2" }],
    "aria-label-misuse": ["error", { allowAnyNamable: true }],
    "long-title": "off", // titles name the page and the service, as WCAG 2.4.2 asks
    "no-trailing-whitespace": "off", // what a template leaves behind costs a byte
    "no-inline-style": "error",
    "require-sri": "off", // everything is of our own origin
  },
});

const running = await stand();
const faults = [];
let count = 0, largest = [0, ""];
try {
  const weights = new Map();
  /** Bytes of a file that pages take along. */
  const weight = async (url) => {
    if (!weights.has(url)) weights.set(url, gzipSync(Buffer.from(await (await fetch(new URL(url, running.base))).arrayBuffer()), { level: 9 }).length);
    return weights.get(url);
  };
  const judge = async (told, { status, text }, lang) => {
    count += 1;
    assert.ok(status < 500 && !(status >= 300 && status < 400), `${told}: ${status}`);
    assert.match(text, new RegExp(`<html lang="${lang}"`), told);
    const { results } = await validator.validateString(text);
    for (const { messages } of results) {
      faults.push(...messages.map((one) => `${told}: ${one.line}:${one.column} ${one.ruleId}: ${one.message}`));
    }
    const parts = [...text.matchAll(/<(?:link|script)[^>]* (?:href|src)="([^"]+\.(?:css|js))"/g)].map(([, url]) => url);
    let bytes = gzipSync(text, { level: 6 }).length;
    for (const url of parts) bytes += await weight(url);
    if (bytes > largest[0]) largest = [bytes, told];
    if (bytes > LARGEST) faults.push(`${told}: ${bytes} bytes`);
  };
  const who = somebody();
  entered(running, who);
  const me = await office(running, who);
  const guest = client(running);
  const chrome = await browser();
  const context = await chrome.newContext();
  await context.addCookies([...me.jar].map(([name, value]) => ({ name, value, url: running.base })));
  const page = await context.newPage();
  page.on("request", (asked) => {
    if (!asked.url().startsWith(`${running.base}/`) && !/^(data|blob):/.test(asked.url())) faults.push(`${page.url()} asks ${asked.url()}`);
  });
  for (const lang of LANGS) {
    for (const path of ["/services", "/services?q=zzzz", `/services/${SERVICE}`, "/services/3.40.01-1", "/help", "/status",
      "/developers", "/accessibility", "/verify", "/nothing", "/sign-in", "/sign-in/card", "/register", "/register?kind=organisation", "/reset",
      "/signed-out", "/register/confirm?token=x", "/consent?flow=x", "/stand/mail", `/services/${SERVICE}/apply/${crypto.randomUUID()}/check`,
      "/services/%ff"]) {
      await judge(`/${lang}${path}`, await guest.get(`/${lang}${path}`), lang);
    }
    for (const [path, body] of [["/sign-in", {}], ["/register", {}], ["/reset", {}], ["/verify", { evidence: "x" }], ["/sign-in/card", {}]]) {
      await judge(`POST /${lang}${path}`, await guest.post(`/${lang}${path}`, body), lang);
    }
    for (const path of me.pages) {
      await judge(`/${lang}${path}`, await me.get(`/${lang}${path}`), lang);
      await page.goto(`${running.base}/${lang}${path}`);
    }
    // Each question, as it is and with mistakes.
    let { to } = await me.post(`/${lang}/services/${SERVICE}/apply`);
    for (let step = 0; step < 20 && !to.endsWith("/check"); step += 1) {
      const asked = await me.get(to);
      await judge(to, asked, lang);
      const wrong = await me.post(to, {});
      if (wrong.status !== 303) await judge(`POST ${to}`, wrong, lang);
      to = (await me.post(to, { ...fields(asked.text, answers(somebody())), look: "1" })).to;
    }
    await judge(to, await me.get(to), lang);
  }
  await chrome.close();
} finally {
  await running.stop();
}
console.log(`${count} pages; the largest with style and script: ${(largest[0] / 1024).toFixed(1)} KiB gzip, ${largest[1]}`);
if (faults.length) {
  console.error([...new Set(faults)].slice(0, 200).join("\n"));
  console.error(`${faults.length} faults`);
  process.exit(1);
}
