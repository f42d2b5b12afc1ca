// What can come of an application besides the usual, and what must not go wrong on the way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LANGS, PASSWORD, answers, browser, day, entered, fill, onward, signUp, stand, through } from "./stand.mjs";
import { begin, fillIn, filledIn, says, send, somebody } from "./walk.mjs";

const MINE = "outcomes@example.com";
let running, chrome, me;
before(async () => {
  running = await stand();
  chrome = await browser();
  me = await chrome.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await me.newPage();
  await page.goto(`${running.base}/en/register`);
  await signUp(page, running, MINE);
  // Signed in at UIS ILE, and by the private office at the portal too.
  await page.goto(`${running.base}/en/account`);
  await page.close();
});
after(async () => {
  await chrome?.close();
  await running?.stop();
});

/** A page of somebody signed in, closed afterwards. */
const signedIn = async (work) => {
  const page = await me.newPage();
  try {
    await work(page);
  } finally {
    await page.close();
  }
};

/** What would be decided, and that the same is decided. */
const decides = (page, title) => async () => {
  assert.equal((await page.locator(".govuk-inset-text strong").innerText()).trim(), title);
  await send(page);
};

test("a representative registers another person", () => signedIn(async (page) => {
  const who = somebody();
  entered(running, who);
  await fillIn(page, running.base, who, { "applicant.kind": "representative", "applicant.full_name": "Naidzin Jan",
    "applicant.authority": "Power of attorney 1 of 2 June 2026" });
  assert.match(await says(page), /Power of attorney 1 of 2 June 2026/);
  await decides(page, "The stay can be registered")();
  assert.match(await says(page), /The stay is registered|Registered/);
  assert.match(await says(page), /TESTER ANNA/);
}));

test("whoever came from Russia comes in person, to the nearest office", () => signedIn(async (page) => {
  await filledIn(page, running.base, somebody(), { "entry.route": "from-russia" });
  await decides(page, "Registration in person is needed")();
  const text = await says(page);
  assert.match(text, /Registration in person is needed/);
  assert.match(text, /Department of Citizenship and Migration of the \w+ District of Minsk/);
  assert.match(text, /\+375/);
  assert.equal(await page.locator('main a[href$="deadline.ics"]').count(), 1, "the last day for the calendar");
}));

test("a short stay needs no registration", () => signedIn(async (page) => {
  const who = somebody();
  entered(running, who);
  await filledIn(page, running.base, who, { "stay.to": day(3) });
  await decides(page, "Registration is not required")();
  assert.match(await says(page), /Registration is not required/);
}));

test("whoever is late comes in person", () => signedIn(async (page) => {
  const who = somebody({ date: day(-20) });
  entered(running, who);
  await filledIn(page, running.base, who);
  await decides(page, "The time for registration online is over")();
  assert.match(await says(page), /Come without delay/);
}));

test("a treaty frees citizens of Kazakhstan for thirty days", () => signedIn(async (page) => {
  const who = somebody({ citizenship: "KAZ" });
  who.number = `N0${who.number.slice(-7).replace(/\D/g, "0")}`;
  entered(running, who);
  await filledIn(page, running.base, who);
  await decides(page, "Registration is not required")();
  assert.match(await says(page), /treaty/);
}));

test("the letter O for the digit 0 is caught before sending, and mended", () => signedIn(async (page) => {
  const who = somebody();
  entered(running, who);
  await filledIn(page, running.base, { ...who, number: who.number.replace("0", "O") });
  const summary = page.locator(".govuk-error-summary");
  assert.match(await summary.innerText(), /0 and O/);
  assert.match(await page.title(), /^Error: /);
  assert.match(await page.locator(".govuk-summary-list__row", { hasText: "Number with its series" }).innerText(), /0 and O/);
  // Pressing the button all the same decides nothing.
  await page.locator('main form[action$="/send"] button').click();
  await page.waitForLoadState();
  assert.equal(await summary.count(), 1);
  await page.locator(".govuk-summary-list__row", { hasText: "Number with its series" }).locator("a").click();
  await page.waitForURL(/document\?change=1/);
  await page.locator('[name="document.number"]').fill(who.number.toLowerCase());
  await onward(page).click();
  await page.waitForURL(/\/check(#|$)/);
  assert.equal(await summary.count(), 0);
  await decides(page, "The stay can be registered")();
}));

/** An application that is refused because the border crossing point is another. */
async function refused(page, who) {
  entered(running, who);
  await filledIn(page, running.base, who, { "entry.checkpoint": "BY-PL-01" });
  await decides(page, "The entry is recorded otherwise")();
}

test("a refused application is mended and sent again under its number, both versions visible", () => signedIn(async (page) => {
  const who = somebody();
  await refused(page, who);
  const [url, number] = [page.url(), /[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}/.exec(await says(page))[0]];
  await page.locator('main form[action$="/mend"] button').click();
  await page.waitForURL(/\/check(#|$)/);
  await page.locator(".govuk-summary-list__row", { hasText: "Border crossing point" }).locator("a").click();
  await page.waitForURL(/stay\?change=1/);
  await page.locator('[name="entry.checkpoint"]').selectOption("BY-AIR-MSQ");
  await onward(page).click();
  await page.waitForURL(/\/check(#|$)/);
  await decides(page, "The stay can be registered")();
  assert.equal(page.url(), url);
  assert.match(await says(page), new RegExp(number));
  const versions = page.locator("details", { hasText: /Version \d/ });
  assert.equal(await versions.count(), 2);
  const texts = await versions.evaluateAll((all) => all.map((one) => one.textContent));
  assert.notEqual(texts[0], texts[1]);
  assert.match(texts[1], /The entry is recorded otherwise/);
  assert.equal(await page.locator("main ol.app-list > li").count(), 4, "sent, refused, sent, registered");
}));

test("a refused application reopens with the wrong answer marked", () => signedIn(async (page) => {
    await refused(page, somebody());
    await page.locator('main form[action$="/mend"] button').click();
    await page.waitForURL(/\/check(#|$)/);
    const row = page.locator(".govuk-summary-list__row", { hasText: "Border crossing point" });
    assert.equal(await row.locator(".govuk-error-message").count(), 1);
  }));

/** How many of the account's applications have this identifier. */
const listed = async (page, id) => {
  await page.goto(`${running.base}/en/account/applications`);
  return page.locator(`main a[href$="${id}"]`).count();
};

for (const javaScriptEnabled of [true, false]) {
  test(`two clicks and two requests send once, ${javaScriptEnabled ? "with" : "without"} a script`, async () => {
    const context = await chrome.newContext({ javaScriptEnabled, storageState: await me.storageState() });
    const page = await context.newPage();
    const who = somebody();
    entered(running, who);
    await filledIn(page, running.base, who);
    const check = page.url();
    await page.locator('main form[action$="/send"] button').dblclick();
    await page.waitForURL(/applications\/[0-9a-f-]+$/);
    const id = page.url().split("/").pop();
    assert.match(await says(page), /registered/i);
    const again = await page.request.post(check.replace(/check$/, "send"), { headers: { origin: running.base }, maxRedirects: 0 });
    assert.equal(again.status(), 303);
    assert.equal(again.headers().location, `/en/account/applications/${id}`);
    assert.equal(await listed(page, id), 1);
    await page.goto(`${running.base}/en/account/applications/${id}`);
    assert.equal(await page.locator("details", { hasText: /Version \d/ }).count(), 1);
    await page.goto(`${running.base}/en/account/messages`);
    await context.close();
  });
}

test("the way back after sending leads to the application", () => signedIn(async (page) => {
    const who = somebody();
    entered(running, who);
    await filledIn(page, running.base, who);
    const id = await send(page);
    await page.goBack();
    const again = page.locator('main form[action$="/send"] button');
    if (!page.url().endsWith(id) && (await again.count())) await send(page);
    assert.ok(page.url().endsWith(`/account/applications/${id}`), page.url());
  }));

test("two tabs fill two drafts", async () => {
  const context = await chrome.newContext();
  const [one, two] = [await context.newPage(), await context.newPage()];
  const [ada, bea] = [somebody({ given: "ADA" }), somebody({ given: "BEA" })];
  await begin(one, running.base);
  await begin(two, running.base);
  assert.notEqual(one.url(), two.url());
  // A step here, a step there.
  for (let step = 0; step < 6; step += 1) {
    for (const [page, who] of [[one, ada], [two, bea]]) {
      await page.bringToFront();
      await fill(page, answers(who));
      await (step < 5 ? onward(page) : page.locator('main form button[name="look"]')).click();
      await page.waitForLoadState();
    }
  }
  for (const [page, who, other] of [[one, ada, bea], [two, bea, ada]]) {
    assert.match(page.url(), /check$/);
    const text = await says(page);
    assert.ok(text.includes(who.given) && text.includes(who.number), text);
    assert.ok(!text.includes(other.given) && !text.includes(other.number));
  }
  await context.close();
});

/** What a browser forgets when its sessions are over, here and at UIS ILE. */
const expire = async (context) => {
  await context.clearCookies({ name: "nais_session" });
  await context.clearCookies({ name: "nais_id" });
};

test("a session that ends in mid-form loses nothing", async () => {
  const context = await chrome.newContext({ storageState: await me.storageState() });
  const page = await context.newPage();
  const who = somebody();
  entered(running, who);
  let step = 0;
  await fillIn(page, running.base, who, {}, { each: async () => {
    step += 1;
    if (step === 3) await expire(context);
  } });
  const check = page.url();
  assert.match(await says(page), new RegExp(who.number));
  await page.locator("main a.govuk-button").click();
  await page.waitForURL(/register/);
  await page.locator('main a[href*="/sign-in"]').click();
  await page.waitForURL(/sign-in/);
  await page.locator("#login").fill(MINE);
  await page.locator("#password").fill(PASSWORD);
  await page.locator("main form:has([type=password]) button:not([type=button])").last().click();
  await page.waitForURL(check);
  // And once more between the page of answers and its button.
  await expire(context);
  await page.locator('main form[action$="/send"] button').click();
  await page.waitForURL(/sign-in/);
  await page.locator("#login").fill(MINE);
  await page.locator("#password").fill(PASSWORD);
  await page.locator("main form:has([type=password]) button:not([type=button])").last().click();
  await page.waitForURL(check);
  await send(page);
  assert.match(await says(page), /TESTER ANNA/);
  await context.close();
});

test("a switch of the language in mid-form keeps what was answered", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  const who = somebody();
  await begin(page, running.base);
  let at = 0;
  await through(page, answers(who), async () => {
    at += 1;
    const lang = LANGS[at % 3];
    const path = new URL(page.url()).pathname.slice(4);
    await page.locator(`header nav [lang="${lang}"]`).click();
    await page.waitForURL(`**/${lang}/${path}`);
    await fill(page, answers(who));
  });
  assert.match(await says(page), new RegExp(who.number));
  await page.locator('header nav [lang="ru"]').click();
  await page.waitForURL("**/ru/**/check");
  assert.match(await says(page), new RegExp(`${who.number}[^]*Belgosstrakh`));
  await context.close();
});

test("a switch of the language keeps what was typed and not sent yet", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  await begin(page, running.base);
  await page.locator('[name="foreigner.surname_lat"]').fill("TYPED");
  await page.locator('header nav [lang="be"]').click();
  await page.waitForURL("**/be/**");
  assert.equal(await page.locator('[name="foreigner.surname_lat"]').inputValue(), "TYPED");
  await context.close();
});

test("a switch of the language keeps what was found wrong", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  await begin(page, running.base);
  await page.locator('[name="foreigner.surname_lat"]').fill("TYPED");
  await onward(page).click();
  await page.locator(".govuk-error-summary").waitFor();
  await page.locator('header nav [lang="be"]').click();
  await page.waitForURL("**/be/**");
  assert.equal(await page.locator('[name="foreigner.surname_lat"]').inputValue(), "TYPED");
  await context.close();
});

test("a draft waits in the private office, and is thrown away there", () => signedIn(async (page) => {
  await begin(page, running.base);
  const id = page.url().split("/").at(-2);
  await fill(page, answers(somebody()));
  await onward(page).click();
  await page.waitForURL(/document$/);
  await page.goto(`${running.base}/en/account`);
  await page.locator(`main a[href*="${id}"]`).click();
  await page.waitForURL(/document$/);
  await page.goto(`${running.base}/en/account`);
  await page.locator(`main form[action*="${id}"] button`).click();
  await page.waitForLoadState();
  assert.equal(await page.locator(`main a[href*="${id}"]`).count(), 0);
}));
