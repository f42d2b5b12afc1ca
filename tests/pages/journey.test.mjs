// The whole way of a newcomer, from the catalogue to whom the data went: in each language, with a script and without one,
// on a phone and on a desk.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { LANGS, answers, browser, day, entered, signUp, stand, through } from "./stand.mjs";
import { SERVICE, begin, faults, filledIn, quiet, says, send, somebody, sound, watch } from "./walk.mjs";

/** What one types to find the service. */
const WORDS = { en: "foreigners registration", be: "рэгістрацыю замежнага", ru: "регистрацию иностранного" };
/** Page loads of a newcomer at most, from the service's page to the result, the account included. */
const LOADS = 12;

let running, chrome;
before(async () => {
  running = await stand();
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await running?.stop();
});

async function download(page, link) {
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return readFileSync(await file.path(), "utf8");
}

async function journey(t, { lang, javaScriptEnabled, width, by }) {
  const context = await chrome.newContext({ viewport: { width, height: 800 }, locale: lang, javaScriptEnabled, acceptDownloads: true });
  const page = await context.newPage();
  const seen = watch(page, running.base);
  const look = () => sound(page, lang);
  const who = somebody();
  entered(running, who);

  await page.goto(`${running.base}/`);
  assert.equal(new URL(page.url()).pathname, `/${lang}/services`, "the language of the browser");
  await look();
  await page.locator("#q").fill(WORDS[lang]);
  await page.locator("main form button").click();
  await page.waitForURL(/[?&]q=/);
  await look();
  await page.locator(`main a[href$="/services/${SERVICE}"]`).click();
  await page.waitForURL(/\/services\/[0-9.]+$/);
  await look();
  assert.equal(await page.locator("main section > h2").count(), 6, "six headings");
  // Counted from here on: this page is the first.
  seen.loads.splice(0, seen.loads.length - 1);
  await page.locator("main button.govuk-button--start").click();
  await page.waitForURL(/person$/);
  const steps = await through(page, answers(who), look, { look: false });
  assert.equal(steps, 6, "six blocks");
  await page.waitForURL(/\/register/);
  await signUp(page, running, `${lang}-${javaScriptEnabled ? "js" : "plain"}-${width}@example.com`, { by, each: look });
  await page.waitForURL(/\/apply\/[0-9a-f-]+\/check$/);
  await look();
  assert.equal(await page.locator(".govuk-inset-text strong").count(), 1, "what would be decided");
  const id = await send(page);
  const loads = seen.loads.length;
  await look();
  const number = (await page.locator(".govuk-panel strong").innerText()).trim();
  assert.match(number, /^[0-9A-Z-]{6,}$/);
  assert.match(await says(page), /TESTER ANNA/);
  assert.ok(loads <= LOADS, `${loads} page loads: ${seen.loads.join(", ")}`);
  assert.ok(loads > 10, `not all pages were counted: ${seen.loads.join(", ")}`);
  t.diagnostic(`${loads} page loads to the result, ${steps} of them questions`);

  const application = page.url();
  const calendar = await download(page, page.locator('main a[href$="deadline.ics"]'));
  assert.match(calendar, new RegExp(`^BEGIN:VCALENDAR\\r\\n[^]*DTSTART;VALUE=DATE:${day(25).replaceAll("-", "")}\\r\\n[^]*END:VCALENDAR\\r\\n$`));
  const proof = await download(page, page.locator('main a[href$="evidence.json"]'));
  assert.deepEqual(Object.keys(JSON.parse(proof)).sort(), ["receipt", "record", "salt"]);
  const exchange = (await page.locator(".app-code").last().innerText()).trim();
  await page.locator('main a[href$="/print"]').click();
  await page.waitForURL(/print$/);
  await look();
  assert.match(await says(page), new RegExp(`${number}[^]*${exchange}`));

  await page.goto(`${running.base}/${lang}/account`);
  await look();
  await page.locator('main a[href*="/account/messages/"]').first().click();
  await page.waitForURL(/messages\/[0-9a-f-]+$/);
  await look();
  await page.locator("main a.govuk-button").click();
  await page.waitForURL(application);
  await page.goto(`${running.base}/${lang}/account/applications`);
  await look();
  assert.equal(await page.locator(`main a[href$="${id}"]`).count(), 1);

  await page.goto(`${running.base}/${lang}/verify`);
  await look();
  await page.locator("#evidence").fill(proof);
  await page.locator("main form button").click();
  await page.locator(".govuk-notification-banner--success").waitFor();
  await look();
  assert.ok((await says(page)).includes(exchange));

  await page.goto(`${running.base}/${lang}/account/disclosures`);
  const named = /disclosures: said to be/; // has a test of its own below
  assert.deepEqual((await faults(page, lang)).filter((fault) => !named.test(fault)), []);
  assert.ok((await says(page)).includes(exchange), "the exchange stands in who looked at my data");
  quiet(seen);
  return context;
}

/** What makes one way differ from another. */
const WAYS = LANGS.flatMap((lang) => [true, false].flatMap((javaScriptEnabled) => [320, 1100].map((width) =>
  ({ lang, javaScriptEnabled, width, by: javaScriptEnabled && width === 1100 ? "code" : "link" }))));

describe("from the catalogue to whom the data went", { concurrency: 3 }, () => {
  for (const way of WAYS) {
    const name = `${way.lang}, ${way.javaScriptEnabled ? "with" : "without"} a script, ${way.width} px, by the ${way.by}`;
    test(name, async (t) => (await journey(t, way)).close());
  }
});

test("people find the service whatever the words’ endings", async () => {
  for (const [lang, words] of [["en", "registering foreigners"], ["ru", "зарегистрировать иностранца"], ["be", "зарэгістраваць замежніка"]]) {
    const found = await (await fetch(`${running.base}/${lang}/services?q=${encodeURIComponent(words)}`)).text();
    assert.ok(found.includes(`/services/${SERVICE}"`), words);
  }
});

test("the registration is in ISOS, and whoever looked at it stands in the private office", async () => {
  const context = await chrome.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  const who = somebody();
  entered(running, who);
  await filledIn(page, running.base, who);
  await page.locator("main a.govuk-button").click();
  await signUp(page, running, "isos@example.com");
  await send(page);
  const number = (await page.locator(".govuk-panel strong").innerText()).trim();
  const search = () => JSON.parse(running.call("mia", "mvd-38801/v1/stay-registrations/search",
    { doc_number: who.number, issuing_state: "DEU", limit: 20 }));
  let found;
  for (let round = 0; round < 20; round += 1) {
    found = JSON.stringify(search());
    if (found.includes(number)) break;
    await page.waitForTimeout(500);
  }
  assert.ok(found.includes(number), `the MIA's system finds ${number}: ${found}`);
  await page.goto(`${running.base}/en/account/disclosures`);
  const text = await says(page);
  assert.match(text, /3\.88\.01/);
  assert.match(text, /Ministry of Internal Affairs|MIA|Министерство внутренних дел/i);
  await context.close();
});

test("who looked at the data is named in the reader’s language", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  const who = somebody();
  entered(running, who);
  await filledIn(page, running.base, who);
  await page.locator("main a.govuk-button").click();
  await signUp(page, running, "named@example.com");
  await send(page);
  for (const lang of LANGS) {
    await page.goto(`${running.base}/${lang}/account/disclosures`);
    await sound(page, lang);
  }
  await context.close();
});

test("a slow typist is done within five minutes", async (t) => {
  // The keystroke-level model (Card, Moran, Newell 1983), with its slower figures: a key 0.5 s, pointing 1.1 s, a hand
  // moved 0.4 s, a thought for each field 1.35 s, and 2 s to see what a page is about. The time of the pages themselves is real.
  const [KEY, POINT, HAND, THOUGHT, READ] = [0.5, 1.1, 0.4, 1.35, 2];
  const context = await chrome.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  const seen = watch(page, running.base);
  const who = somebody();
  entered(running, who);
  let person = 0;
  const types = async () => {
    const fields = await page.locator("main input, main select, main textarea").evaluateAll((all) =>
      all.filter((one) => one.type !== "hidden" && (one.type !== "radio" || one.checked)).map((one) => [one.type, one.value, one.name]));
    person += READ + HAND + POINT;
    for (const [kind, value, field] of fields) {
      if (kind === "radio") person += THOUGHT + POINT;
      else if (kind === "select-one") person += THOUGHT + 4 * KEY;
      else if (value) person += (/-(month|year)$/.test(field) ? 0 : THOUGHT) + (value.length + 1) * KEY;
    }
  };
  const started = performance.now();
  await page.goto(`${running.base}/en/services/${SERVICE}`);
  await types();
  await begin(page, running.base);
  await through(page, answers(who), types, { look: false });
  await signUp(page, running, "slow@example.com", { by: "code", each: types });
  person += 25 * KEY + PASSWORD_KEYS * KEY + 20; // address, name, password; the time the message takes to come and be read
  await types();
  await send(page);
  const machine = (performance.now() - started) / 1000;
  t.diagnostic(`person ${person.toFixed(0)} s, pages ${machine.toFixed(1)} s, ${seen.loads.length} page loads`);
  assert.ok(person + machine <= 300, `${(person + machine).toFixed(0)} s`);
  await context.close();
});

/** A long password without signs that need the other hand. */
const PASSWORD_KEYS = 16;
