// Every page and state, in three languages, on a phone and on a desk: what axe sees, and what it cannot see.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { cards } from "./office.mjs";
import { shape } from "./shape.mjs";
import { LANGS, PASSWORD, answers, askForAccount, browser, entered, fill, message, onward, stand } from "./stand.mjs";
import { SERVICE, begin, faults, filledIn, send, somebody } from "./walk.mjs";

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

/**
 * Goes through every page and state of a language and gives each to `look` under a name; `wrong` marks a page with mistakes.
 */
async function everywhere(lang, page, look) {
  const { base } = running;
  const open = async (name, path) => {
    await page.goto(`${base}/${lang}${path}`);
    await look(name);
  };
  const submit = async (name, button = page.locator("main form button:not([type=button])").first()) => {
    await button.click();
    await page.waitForLoadState();
    await look(name, { wrong: true });
  };
  for (const [name, path] of [["services", "/services"], ["services-none", "/services?q=zzzz"], ["service", `/services/${SERVICE}`],
    ["service-other", "/services/3.88.01"], ["help", "/help"], ["status", "/status"],
    ["developers", "/developers"], ["accessibility", "/accessibility"], ["nothing", "/nothing"], ["signed-out", "/signed-out"],
    ["draft-gone", `/services/${SERVICE}/apply/${crypto.randomUUID()}/check`], ["link-late", "/register/confirm?token=made-up"],
    ["consent-gone", "/consent?flow=made-up"], ["stand-mail-first", "/stand/mail"]]) {
    await open(name, path);
  }
  await page.goto(`${base}/oidc/auth?client_id=nobody&ui_locales=${lang}`);
  await look("oidc-error");
  await page.goto(`${base}/callback`, { waitUntil: "load" });
  await look("sign-in-lost");
  await open("verify", "/verify");
  await submit("verify-wrong");
  await open("sign-in", "/sign-in");
  await submit("sign-in-wrong");
  await open("reset", "/reset");
  await submit("reset-wrong");
  await open("sign-in-card", "/sign-in/card");
  await submit("sign-in-card-wrong");
  await open("register-organisation", "/register?kind=organisation");
  await submit("register-organisation-wrong");
  await open("register", "/register");
  await submit("register-wrong");

  // The form, each question once as it is and once with mistakes, by the way of visas in Minsk and by the other.
  const who = somebody();
  entered(running, who);
  for (const change of [{}, { "visa.regime": "visa-free", "visa.ground": "event", "visa.event_document": "ED00000055",
    "stay.address.region": "brest", "stay.address.locality": "Brest", "applicant.kind": "representative",
    "applicant.full_name": "Naidzin Jan", "applicant.authority": "Power of attorney" },
    { "applicant.kind": "host", "applicant.host_kind": "owner", "applicant.full_name": "Naidzin Jan", "applicant.number": "100000007" }]) {
    const seen = new Set(Object.keys(change).length ? questions.get(lang) : []);
    await begin(page, base, lang);
    for (let step = 0; step < 20 && !page.url().endsWith("/check"); step += 1) {
      const at = page.url().split("/").pop();
      const first = !seen.has(at);
      if (first) {
        seen.add(at);
        await look(`question-${at}`);
        await submit(`question-${at}-wrong`, onward(page));
      }
      if (first && at === "insurance") {
        await page.locator(FILES).setInputFiles([{ name: "policy.pdf", mimeType: "application/pdf", buffer: Buffer.from("MZ") }]);
        await submit("question-insurance-file-wrong", onward(page));
        await page.locator(FILES).setInputFiles([PDF, { ...PDF, name: `${"policy-of-insurance-".repeat(4)}.pdf`, buffer: Buffer.from("%PDF-1.5\n") }]);
      }
      await fill(page, answers(who, change));
      // A choice shows what hangs on it: a state of its own.
      if (["visa", "stay", "applicant"].includes(at)) await look(`question-${at}-filled`, { wrong: first });
      const check = page.locator('main form button[name="look"]');
      await ((await check.count()) ? check : onward(page)).click();
      await page.waitForURL((url) => !url.pathname.endsWith(`/${at}`));
    }
    questions.set(lang, [...(questions.get(lang) ?? []), ...seen]);
    if (!Object.keys(change).length) {
      await look("check-anonymous");
      // To sign up, with a code that is wrong first.
      await page.locator("main a.govuk-button").click();
      await page.waitForURL(/register/);
      const address = `axe-${lang}@example.com`;
      await askForAccount(page, address);
      await look("sent");
      await page.locator("#code").fill("1");
      await submit("sent-wrong");
      await page.goto((await message(running, address)).link);
      await look("confirm");
      await page.locator("#password").fill("short");
      await submit("choose-wrong", page.locator("main form button:not([type=button])").last());
      await page.locator("#password").fill(PASSWORD);
      await page.locator("main form button:not([type=button])").last().click();
      await page.waitForURL(/check$/);
      await look("check");
      await page.goto(page.url().replace(/check$/, "insurance?change=1"));
      await look("question-insurance-files");
      await page.goto(page.url().replace(/insurance.*$/, "check"));
      await send(page);
      await look("registered");
      const { origin, pathname } = new URL(page.url());
      await page.goto(`${origin}${pathname}/print`);
      await look("print");
    }
  }
  // The guest book, from the page of all answers about a host's first guest.
  const book = page.url().replace(/check$/, "guests");
  await page.goto(book);
  await look("guests");
  await page.locator("#lines").fill("foreigner.surname_lat;foreigner.sex\nTESTER;X");
  await submit("guests-wrong", onward(page));
  const guest = (who) => `${who.surname};${who.given};15.06.1985;F;DEU;passport;${who.number};DEU;25.07.2021;25.07.2031`;
  await page.locator("#lines").fill(["surname_lat;given_names_lat;birth_date;sex;citizenship".replace(/(^|;)/g, "$1foreigner.")
    + ";type;number;issuing_state;issued_on;expires_on".replaceAll(";", ";document."),
    guest(somebody({ given: "ADA" })), guest(somebody({ given: "BEA" }))].join("\n"));
  await onward(page).click();
  await page.waitForURL(/check$/);
  await look("check-guests");
  await page.locator('main li a[href*="/guests/"]').first().click();
  await page.waitForURL(/guests\/[0-9a-f-]+$/);
  await look("guest");
  await page.locator('[name="foreigner.given_names_lat"]').fill("");
  await submit("guest-wrong", onward(page));
  await page.goto(book.replace(/guests$/, "check"));
  await look("check-guests-wrong", { wrong: true });
  // What is mistyped, what is decided otherwise.
  await filledIn(page, base, { ...who, number: who.number.replace("0", "O") }, {}, { lang });
  await look("check-wrong", { wrong: true });
  await filledIn(page, base, somebody(), { "entry.route": "from-russia" }, { lang });
  await look("check-visit");
  await send(page);
  await look("personal-visit");
  for (const part of ["", "/messages", "/applications", "/documents", "/consents", "/disclosures", "/statements", "/profile"]) {
    await open(`account${part}`, `/account${part}`);
  }
  await open("account/statements-none", "/account/statements?from-year=2020&from-month=1&from-day=1&to-year=2020&to-month=1&to-day=2");
  await page.goto(`${base}/${lang}/account/statements?from-year=2020&from-month=2&from-day=30`);
  await look("account/statements-wrong", { wrong: true });
  await page.goto(`${base}/${lang}/account/messages`);
  await page.locator('main a[href*="/account/messages/"]').first().click();
  await page.waitForURL(/messages\/[0-9a-f-]+$/);
  await look("message");
  await open("sessions", "/identity/sessions");
  await open("password", "/identity/password");
  await submit("password-wrong", page.locator("main form button:not([type=button])").last());
  await open("passkeys", "/identity/passkeys");
  await open("sign-out", "/sign-out");
  await open("two-step", "/identity/two-step");
  await page.locator("main form button").first().click();
  await page.waitForLoadState();
  await look("enrol");
  await page.locator("#code").fill("1");
  await submit("enrol-wrong");
  await open("stand-mail", "/stand/mail");
  await withCredentials(page, lang, look, open);
}

/** The pages of a passkey that is there, and of somebody who gave consents. */
async function withCredentials(page, lang, look, open) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "internal", hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await page.goto(`${running.base}/${lang}/identity/passkeys`);
  await page.locator("[data-passkey] button").click();
  await page.waitForSelector(".govuk-summary-card");
  await look("passkeys-one");
  await page.locator("[data-passkey] button").click();
  await page.locator("[data-passkey-failed]").waitFor({ state: "visible" });
  await look("passkeys-failed");
  await page.context().clearCookies();
  await page.context().addCookies([...holder.jar].map(([name, value]) => ({ name, value, url: running.base })));
  await open("account/consents-given", "/account/consents");
  await page.locator('main a[href*="/account/consents/"]').first().click();
  await page.waitForURL(/consents\/[0-9a-f-]+$/);
  await look("consent-one");
  await page.goto(`${page.url()}/withdraw`);
  await look("consent-withdraw");
  if (lang !== LANGS.at(-1)) return;
  await page.locator("main form button").first().click();
  await page.waitForURL(/consents\/[0-9a-f-]+$/);
  await look("consent-withdrawn");
}

const FILES = 'input[name="insurance.copies"]';
const PDF = { name: "policy.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n") };

/** Questions seen already, by language. */
const questions = new Map();

/** With this, axe looks for everything everywhere; without it, what no language changes is looked for in one. */
const WHOLE = process.env.WHOLE === "1";

describe("nothing is wrong with any page", { concurrency: 3 }, () => {
  for (const lang of LANGS) {
    test(lang, { timeout: WHOLE ? 3_000_000 : 900_000 }, async (t) => {
      const context = await chrome.newContext({ viewport: { width: 320, height: 800 }, locale: lang });
      const page = await context.newPage();
      const [found, titles] = [[], new Map()];
      await everywhere(lang, page, async (name, { wrong = false } = {}) => {
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
