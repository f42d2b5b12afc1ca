// Every page and state, in three languages, on a phone and on a desk: what axe sees, and what it cannot see.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { everywhere } from "./everywhere.mjs";
import { cards } from "./office.mjs";
import { shape } from "./shape.mjs";
import { LANGS, PASSWORD, answers, browser, fill, onward, stand } from "./stand.mjs";
import { SERVICE, begin, faults, filledIn, somebody } from "./walk.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PREFIX = { en: "Error: ", be: "Памылка: ", ru: "Ошибка: " };
/** What depends on the width of the window: looked at again on a desk. */
const BY_WIDTH = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block", "landmark-unique", "region", "list",
  "aria-hidden-focus", "skip-link", "heading-order", "duplicate-id-aria", "landmark-no-duplicate-banner"];

let running, chrome, holder;
before(async () => {
  running = await stand();
  chrome = await browser();
  // Somebody with two consents, signed in by their card.
  const { withCard, asked, consent } = cards(running);
  consent();
  ({ who: holder } = await withCard(asked));
  await holder.follow("/en/account");
});
after(async () => {
  await chrome?.close();
  await running?.stop();
});

/** What axe finds, in words. The source is evaluated, not loaded: the pages' policy stays as it is. */
async function axe(page, rules = true) {
  await page.evaluate(`window.axe || (() => { ${AXE} })()`);
  return page.evaluate(async (only) => {
    const { violations } = await window.axe.run(document, {
      resultTypes: ["violations"],
      preload: false,
      rules: only === false ? { "color-contrast": { enabled: false } } : {},
      runOnly: Array.isArray(only) ? { type: "rule", values: only }
        : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"] },
    });
    return violations.flatMap((one) => one.nodes.slice(0, 3).map((node) =>
      `${one.id}: ${node.target.join(" ")}: ${(node.failureSummary ?? "").split("\n").slice(1, 3).join(" ").trim()}`));
  }, rules);
}

/** With this, axe looks for everything everywhere; without it, what no language changes is looked for in one. */
const WHOLE = process.env.WHOLE === "1";

describe("nothing is wrong with any page", { concurrency: 3 }, () => {
  for (const lang of LANGS) {
    test(lang, { timeout: WHOLE ? 3_000_000 : 900_000 }, async (t) => {
      const context = await chrome.newContext({ viewport: { width: 320, height: 800 }, locale: lang });
      const page = await context.newPage();
      const [found, titles] = [[], new Map()];
      await everywhere({ running, holder }, lang, page, async (name, { wrong = false } = {}) => {
        const title = await page.title();
        const say = (what) => found.push(`${name}: ${what}`);
        const most = WHOLE || lang === "en";
        for (const what of [...(await faults(page, lang)), ...(await shape(page))]) say(what);
        if (most || !wrong) for (const what of await axe(page, most)) say(what);
        if (WHOLE || !wrong) {
          await page.setViewportSize({ width: 1100, height: 800 });
          for (const what of [...(await faults(page, lang)), ...(await shape(page))]) say(`wide: ${what}`);
          if (most) for (const what of await axe(page, BY_WIDTH)) say(`wide: ${what}`);
          await page.setViewportSize({ width: 320, height: 800 });
        }
        const bare = title.startsWith(PREFIX[lang]) ? title.slice(PREFIX[lang].length) : title;
        if (wrong !== (bare !== title)) say(`the title is “${title}”`);
        if (wrong && !(await page.locator(".govuk-error-summary a[href]").count())) say("no summary of mistakes with links");
        titles.set(title, [...(titles.get(title) ?? []), name.replace(/^question-/, "")]);
      });
      for (const [title, names] of titles) {
        const kinds = new Set(names.map((name) => name.split("-")[0]));
        if (kinds.size > 1) found.push(`${names.join(", ")} have one title: ${title}`);
      }
      t.diagnostic(`${[...titles.values()].flat().length} pages and states`);
      assert.deepEqual([...new Set(found)], []);
      await context.close();
    });
  }
});

test("the first question is answered with the keyboard alone, and the focus is always seen", async () => {
  const context = await chrome.newContext({ viewport: { width: 320, height: 600 } });
  const page = await context.newPage();
  await begin(page, running.base);
  const focus = () => page.evaluate(() => {
    const one = document.activeElement;
    const style = (at) => {
      const { outlineStyle, outlineWidth, boxShadow, backgroundColor, borderBottomWidth, color, textDecorationLine } = getComputedStyle(at);
      return [outlineStyle, outlineWidth, boxShadow, backgroundColor, borderBottomWidth, color, textDecorationLine].join("|");
    };
    const looks = (at) => [at, at.nextElementSibling, at.parentElement].filter(Boolean).map((one) => style(one)
      + style.call(null, one) + getComputedStyle(one, "::before").boxShadow + getComputedStyle(one, "::before").outlineWidth).join();
    const seen = looks(one);
    const rect = one.getBoundingClientRect();
    const top = document.elementFromPoint(rect.x + Math.min(rect.width / 2, 20), rect.y + rect.height / 2);
    one.blur();
    const differs = looks(one) !== seen;
    one.focus();
    return { name: one.name || one.textContent.trim().slice(0, 40), tag: one.tagName, differs,
      inside: rect.top >= 0 && rect.bottom <= innerHeight + 1, free: !top || one.contains(top) || top.contains(one) || top.tagName === "LABEL" };
  });
  const walked = [];
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const at = await focus();
    walked.push(at.name);
    assert.ok(at.differs, `focus is not seen at ${at.name}`);
    assert.ok(at.inside && at.free, `focus is hidden at ${at.name}`);
    if (at.name === "foreigner.surname_lat") await page.keyboard.type("TESTER");
    if (at.name === "foreigner.given_names_lat") await page.keyboard.type("ANNA");
    const [, part] = /^foreigner\.birth_date-(day|month|year)$/.exec(at.name) ?? [];
    if (part) await page.keyboard.type({ day: "15", month: "6", year: "1985" }[part]);
    if (at.name === "foreigner.sex") await page.keyboard.press("Space");
    if (at.name === "foreigner.citizenship") await page.keyboard.type("Germany");
    if (at.name === "foreigner.surname_ru") {
      await page.keyboard.press("Enter");
      break;
    }
  }
  await page.waitForURL(/document$/);
  assert.equal(walked[0], "Skip to main content");
  // The skip link goes where it says.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement) || document.activeElement.tagName === "MAIN"));
  // A page with mistakes begins at their summary, whose links lead to the fields.
  await page.goto(page.url().split("#")[0]);
  await onward(page).click();
  await page.locator(".govuk-error-summary").waitFor();
  await page.locator(".govuk-error-summary:focus").waitFor();
  await context.close();
});

test("a link in the summary of mistakes leads into its field", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  await begin(page, running.base);
  const mistakes = async () => {
    await onward(page).click();
    await page.locator(".govuk-error-summary:focus").waitFor();
    for (const link of await page.locator(".govuk-error-summary a").all()) {
      await link.focus();
      await page.keyboard.press("Enter");
      assert.ok(await page.evaluate(() => document.activeElement.matches("main form :is(input, select, textarea)")), await link.getAttribute("href"));
    }
  };
  await mistakes();
  await fill(page, answers(somebody()));
  await onward(page).click();
  await page.waitForURL(/document/);
  await mistakes();
  await context.close();
});

test("a page with mistakes begins at their summary after “Change” too", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  await filledIn(page, running.base, somebody());
  await page.locator('main a[href*="person?change=1#"]').first().click();
  await page.locator('[name="foreigner.surname_lat"]').fill("");
  await onward(page).click();
  await page.locator(".govuk-error-summary").waitFor();
  await page.locator(".govuk-error-summary:focus").waitFor({ timeout: 2000 });
  await context.close();
});

test("a question says in its own words that an answer is missing", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  await begin(page, running.base);
  await onward(page).click();
  assert.match(await page.locator(".govuk-error-summary").innerText(), /Enter the surname/);
  await context.close();
});

test("a password is pasted and shown, and fields say what a browser may fill in", async () => {
  const context = await chrome.newContext();
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: running.base });
  const page = await context.newPage();
  await page.goto(`${running.base}/en/sign-in`);
  await page.evaluate((text) => navigator.clipboard.writeText(text), PASSWORD);
  for (const id of ["#login", "#password"]) {
    await page.locator(id).focus();
    await page.keyboard.press("Control+V");
    assert.equal(await page.locator(id).inputValue(), PASSWORD, id);
  }
  await page.locator(".govuk-password-input__toggle").click();
  assert.equal(await page.locator("#password").getAttribute("type"), "text");
  assert.equal(await page.locator("#login").getAttribute("autocomplete"), "username");
  assert.equal(await page.locator("#password").getAttribute("autocomplete"), "current-password");
  await context.close();
});

for (const javaScriptEnabled of [true, false]) {
  test(`display settings change the page and stay, ${javaScriptEnabled ? "with" : "without"} a script`, async () => {
    const context = await chrome.newContext({ javaScriptEnabled, viewport: { width: 320, height: 800 } });
    const page = await context.newPage();
    await page.goto(`${running.base}/ru/services/${SERVICE}`);
    const size = () => page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("main p")).fontSize));
    const usual = await size();
    await page.locator("#view summary").click();
    for (const id of ["size-largest", "spacing-wide", "colours-yellow-on-black"]) await page.locator(`label[for="view-${id}"]`).click();
    await page.locator("#view form button").click();
    await page.waitForURL(`**/ru/services/${SERVICE}`);
    for (const path of [`/ru/services/${SERVICE}`, "/be/help", "/en/sign-in", "/en/nothing"]) {
      await page.goto(running.base + path);
      const classes = (await page.locator("html").getAttribute("class")).split(" ");
      for (const name of ["nais-size-largest", "nais-spacing-wide", "nais-colours-yellow-on-black"]) assert.ok(classes.includes(name), `${path}: ${name}`);
      const broken = (await faults(page, path.slice(1, 3))).filter((what) => !/px too wide/.test(what)); // has a test of its own
      assert.deepEqual(broken, [], "nothing breaks");
    }
    await page.goto(`${running.base}/ru/services/${SERVICE}`);
    assert.ok(await size() >= usual * 1.45, `${usual} px, then ${await size()} px`);
    if (javaScriptEnabled) assert.deepEqual(await axe(page), []);
    await context.close();
  });
}

test("the largest letters fit into 320 px", async () => {
  const context = await chrome.newContext({ viewport: { width: 320, height: 800 } });
  const page = await context.newPage();
  await context.addCookies([{ name: "nais_view", value: "largest.wide.normal", url: running.base }]);
  const found = [];
  for (const lang of LANGS) {
    for (const path of ["/services", `/services/${SERVICE}`, "/sign-in", "/register", "/verify", "/help", "/status", "/developers"]) {
      await page.goto(`${running.base}/${lang}${path}`);
      found.push(...(await faults(page, lang)));
    }
  }
  assert.deepEqual(found, []);
  await context.close();
});

test("every scheme of colours has contrast enough", async () => {
  const context = await chrome.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  const found = [];
  for (const colours of ["black-on-white", "white-on-black", "yellow-on-black"]) {
    await context.addCookies([{ name: "nais_view", value: `largest.wide.${colours}`, url: running.base }]);
    for (const path of ["/services", `/services/${SERVICE}`, "/sign-in", "/verify", "/status", "/developers", "/register?kind=organisation"]) {
      await page.goto(`${running.base}/en${path}`);
      for (const what of [...(await axe(page, ["color-contrast", "link-in-text-block"])), ...(await faults(page, "en"))]) found.push(`${colours} ${path}: ${what}`);
    }
    await begin(page, running.base);
    await onward(page).click();
    await page.locator(".govuk-error-summary").waitFor();
    for (const what of await axe(page, ["color-contrast", "link-in-text-block"])) found.push(`${colours} mistakes: ${what}`);
  }
  assert.deepEqual(found, []);
  await context.close();
});
