// What the tests know of any page: what it asked for, what it says, how it looks.
import assert from "node:assert/strict";
import { answers, through } from "./stand.mjs";

export const SERVICE = "200.12.14.1";

/** Watches a page from now on: loads of documents, requests to other origins, errors in the console. */
export function watch(page, base) {
  const seen = { loads: [], foreign: [], errors: [] };
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) seen.foreign.push(url);
  });
  page.on("response", (response) => {
    const request = response.request();
    const isPage = request.isNavigationRequest() && request.frame() === page.mainFrame();
    const moved = response.status() >= 300 && response.status() < 400;
    if (isPage && !moved) seen.loads.push(`${response.status()} ${new URL(response.url()).pathname}`);
  });
  page.on("console", (message) => message.type() === "error" && seen.errors.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.errors.push(`${page.url()}: ${error}`));
  return seen;
}

const FIRST = "form|account|check|result|service|services|base|id|verify|states|messages|disclosures|profile|catalogue|zone|book|"
  + "error-page|view|print|status|levels|ways|categories|mail|calendar|language|help|accessibility|developers|decisions|steps";

/** All texts of a page that are ours, each with the language they are said to be in; the account is called by a name, which has none. */
const texts = (page) => page.evaluate(() => {
  const out = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (text && !at.closest("script, style, textarea")) {
      out.push({ text, lang: at.closest("[lang]").lang, code: !!at.closest(".app-code, .nais-code, code, pre, .nais-navigation__account") });
    }
  }
  return out;
});

/** Letters that a text in this language has not. */
const STRANGE = { en: /[\u0400-\u04ff]/, be: /[ИиЩщЪъ]/, ru: /[ІіЎў]/ };

/**
 * A page as every page must be: its language, one heading, texts for keys, nothing to scroll sideways, ours alone.
 * Gives what is wrong, in words.
 */
export async function faults(page, lang) {
  const at = `${new URL(page.url()).pathname}:`;
  const found = [];
  const shape = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    heads: document.querySelectorAll("h1").length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    widest: [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
      .filter((one) => !one.closest(".nais-scroll, .govuk-visually-hidden, .govuk-skip-link"))
      .slice(0, 3).map((one) => `${one.tagName.toLowerCase()}.${one.className}`),
  }));
  if (shape.lang !== lang) found.push(`${at} lang=${shape.lang}, expected ${lang}`);
  if (shape.heads !== 1) found.push(`${at} ${shape.heads} first headings`);
  if (shape.wide > 0) found.push(`${at} is ${shape.wide} px too wide: ${shape.widest.join(", ")}`);
  for (const { text, lang: said, code } of await texts(page)) {
    if (code) continue;
    const key = new RegExp(`(^|[\\s(>])(?:${FIRST})\\.[a-z][a-z_-]*(?:\\.[a-z_-]+)*(?=$|[\\s,;:)<])`).exec(text);
    if (key) found.push(`${at} a key for a text: ${key[0].trim()}`);
    if (/\{[a-z_]+[:|}]/.test(text)) found.push(`${at} a place that was not filled: ${text.slice(0, 80)}`);
    if (STRANGE[said]?.test(text)) found.push(`${at} said to be ${said}: “${text.slice(0, 80)}”`);
  }
  return [...new Set(found)];
}

/** The page is as every page must be. */
export async function sound(page, lang) {
  assert.deepEqual(await faults(page, lang), []);
}

/** Nothing went elsewhere, and the console is quiet; `but` are texts of errors that were meant. */
export function quiet(seen, but = /\b422\b/) {
  assert.deepEqual(seen.foreign, [], "requests to other origins");
  assert.deepEqual(seen.errors.filter((text) => !but.test(text)), [], "errors in the console");
}

/** A new draft, at its first question. */
export async function begin(page, base, lang = "en") {
  await page.goto(`${base}/${lang}/services/${SERVICE}`);
  await page.locator("main button.govuk-button--start").click();
  await page.waitForURL(/person$/);
}

/** From the first question to the page of all answers, signed in or not. */
export async function fillIn(page, base, who, change = {}, { lang = "en", each } = {}) {
  await begin(page, base, lang);
  await through(page, answers(who, change), each);
}

/** The fields of a page's form as a browser would send them. */
export function fields(text, given) {
  const body = {};
  for (const [tag] of text.slice(text.indexOf("<main"), text.indexOf("</main")).matchAll(/<(?:input|select)[^>]*>/g)) {
    const name = /name="([^"]+)"/.exec(tag)?.[1];
    const part = /^(.*)-(day|month|year)$/.exec(name ?? "");
    if (!name) continue;
    if (part) body[name] = (given[part[1]] ?? "--").split("-")[{ year: 0, month: 1, day: 2 }[part[2]]];
    else if (given[name] !== undefined) body[name] = given[name];
    else if (tag.startsWith("<select")) body[name] = /<option value="([^"]+)"/.exec(text.slice(text.indexOf(tag)))?.[1] ?? "";
  }
  return body;
}

/** The same as `fillIn`, without the browser's pages on the way: for what is not about the form. */
export async function filledIn(page, base, who, change = {}, { lang = "en" } = {}) {
  const given = answers(who, change);
  const options = { headers: { origin: base, "sec-fetch-site": "same-origin" }, maxRedirects: 0 };
  const to = (answer) => {
    assert.equal(answer.status(), 303, answer.url());
    return base + answer.headers().location;
  };
  let at = to(await page.request.post(`${base}/${lang}/services/${SERVICE}/apply`, { ...options, form: {} }));
  for (let step = 0; step < 20 && !at.endsWith("/check"); step += 1) {
    const form = { ...fields(await (await page.request.get(at)).text(), given), look: "1" };
    at = to(await page.request.post(at, { ...options, form }));
  }
  await page.goto(at);
}

/** Presses the button that sends; ends at the application. */
export async function send(page) {
  await page.locator('main form[action$="/send"] button').click();
  await page.waitForURL(/\/account\/applications\/[0-9a-f-]+$/);
  return page.url().split("/").pop();
}

/** What the page says, in one line. */
export const says = async (page) => (await page.locator("main").innerText()).replace(/\s+/g, " ");

let last = Date.now() % 90000;

/** Somebody with a passport nobody else has. */
export function somebody(change = {}) {
  last += 1;
  return { number: `C01X${String(last % 100000).padStart(5, "0")}`, surname: "TESTER", given: "ANNA", ...change };
}
