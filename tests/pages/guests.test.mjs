// Lines of documents that fill in fields, and the guest book of whoever takes several people in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LANGS, answers, browser, entered, fill, onward, signUp, stand } from "./stand.mjs";
import { begin, filledIn, says, somebody, sound } from "./walk.mjs";

const HOST = { "applicant.kind": "host", "applicant.host_kind": "owner", "applicant.full_name": "Naidzin Jan", "applicant.number": "100000007" };
let running, chrome, me;
before(async () => {
  running = await stand();
  chrome = await browser();
  me = await chrome.newContext({ viewport: { width: 1100, height: 800 } });
  const page = await me.newPage();
  await page.goto(`${running.base}/en/register`);
  await signUp(page, running, "host@example.com");
  await page.goto(`${running.base}/en/account`);
  await page.close();
});
after(async () => {
  await chrome?.close();
  await running?.stop();
});

/** The check digit of ICAO Doc 9303. */
const digit = (text) => String([...text].reduce((sum, sign, at) =>
  sum + (sign === "<" ? 0 : parseInt(sign, 36)) * [7, 3, 1][at % 3], 0) % 10);

/** The two lines of a German passport. */
function zone({ number, surname, given }) {
  const checked = (text) => text + digit(text);
  const first = `P<D<<${surname}<<${given}`.padEnd(44, "<");
  const [of, birth, expiry, own] = [checked(number), checked("850615"), checked("310725"), "<".repeat(14) + "0"];
  return `${first}\n${of}D<<${birth}F${expiry}${own}${digit(of + birth + expiry + own)}`;
}

for (const javaScriptEnabled of [true, false]) {
  test(`the lines of a passport fill in two pages, ${javaScriptEnabled ? "with" : "without"} a script`, async () => {
    const context = await chrome.newContext({ javaScriptEnabled, viewport: { width: 320, height: 800 } });
    const page = await context.newPage();
    const who = somebody();
    await begin(page, running.base);
    await page.locator('[name="foreigner.surname_ru"]').fill("Тестер");
    await page.locator("main form details summary").click();
    // Two digits in each other's place: told with its line and position, and nothing is lost.
    const lines = zone(who);
    const slip = lines.replace("850615", "850651");
    await page.locator("#zone").fill(slip);
    await page.locator('[name="read-zone"]').click();
    await page.locator(".govuk-error-summary").waitFor();
    assert.match(await page.locator(".govuk-error-summary").innerText(), /Line 2, position 20 \(date of birth\): expected \d, found \d/);
    assert.equal(await page.locator("#zone").inputValue(), slip);
    assert.equal(await page.locator('[name="foreigner.surname_ru"]').inputValue(), "Тестер");
    await sound(page, "en");
    await page.locator("#zone").fill(lines.toLowerCase());
    await page.locator('[name="read-zone"]').click();
    await page.locator(".govuk-inset-text").waitFor();
    const value = (name) => page.locator(`[name="${name}"]`).inputValue();
    assert.equal(await value("foreigner.surname_lat"), who.surname);
    assert.deepEqual([await value("foreigner.birth_date-day"), await value("foreigner.birth_date-month"), await value("foreigner.birth_date-year")], ["15", "6", "1985"]);
    assert.ok(await page.locator('[name="foreigner.sex"][value="F"]').isChecked());
    assert.equal(await value("foreigner.citizenship"), "DEU");
    assert.equal(await value("foreigner.surname_ru"), "Тестер");
    await onward(page).click();
    await page.waitForURL(/document$/);
    assert.equal(await value("document.number"), who.number);
    assert.equal(await value("document.expires_on-year"), "2031");
    await context.close();
  });
}

test("a mistake costs no other answer, and comes back with the draft", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  await begin(page, running.base);
  const draft = page.url();
  await fill(page, answers(somebody()));
  await page.locator('[name="foreigner.birth_date-month"]').fill("13");
  await onward(page).click();
  await page.locator(".govuk-error-summary").waitFor();
  // Another day, from the address of the draft.
  await page.goto(`${running.base}/en/help`);
  await page.goto(draft);
  assert.equal(await page.locator('[name="foreigner.birth_date-month"]').inputValue(), "13");
  assert.equal(await page.locator('[name="foreigner.surname_lat"]').inputValue(), "TESTER");
  assert.match(await page.locator(".govuk-error-summary").innerText(), /Date of birth: there is no such day/);
  await page.goto(draft.replace(/person$/, "check"));
  assert.equal(page.url(), draft, "the page of all answers waits for it");
  await context.close();
});

test("what hangs on a choice is shown with it, and without a script always", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const context = await chrome.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    await begin(page, running.base);
    const at = (id) => page.url().replace(/[^/]+$/, id);
    const given = answers(somebody());
    for (const id of ["person", "document", "insurance"]) {
      await fill(page, given);
      await onward(page).click();
      await page.waitForURL((url) => !url.pathname.endsWith(id));
    }
    assert.equal(page.url(), at("visa"));
    const shown = async (name) => page.locator(`[name="${name}"]`).first().isVisible();
    const parts = async () => [await shown("visa.number"), await shown("visa.ground"), await shown("visa.event_document")];
    assert.deepEqual(await parts(), javaScriptEnabled ? [false, false, false] : [true, true, true]);
    await page.locator('[name="visa.regime"][value="visa-free"]').check({ force: true });
    assert.deepEqual(await parts(), javaScriptEnabled ? [false, true, false] : [true, true, true]);
    await page.locator('[name="visa.ground"][value="event"]').check({ force: true });
    assert.deepEqual(await parts(), javaScriptEnabled ? [false, true, true] : [true, true, true]);
    if (javaScriptEnabled) {
      await page.locator('[name="visa.regime"][value="visa"]').check({ force: true });
      assert.deepEqual(await parts(), [true, false, false], "what hangs on something hidden is hidden too");
    }
    assert.equal(await page.getByText("Only if there is a visa").isVisible(), !javaScriptEnabled || (await shown("visa.number")));
    await context.close();
  }
});

/** A host's draft, at the page of all answers. */
async function hosted(context) {
  const page = await context.newPage();
  const first = somebody();
  entered(running, first);
  await filledIn(page, running.base, first, HOST);
  return { page, first };
}

const row = (who, change = {}) => ({
  "foreigner.surname_lat": who.surname, "foreigner.given_names_lat": who.given, "foreigner.birth_date": "1985-06-15",
  "foreigner.sex": "F", "foreigner.citizenship": "DEU", "document.type": "passport", "document.number": who.number,
  "document.issuing_state": "Germany", "document.issued_on": "25.07.2021", "document.expires_on": "25.07.2031", ...change,
});
const table = (...rows) => [Object.keys(rows[0]).join(";"), ...rows.map((one) => Object.values(one).join(";"))].join("\n");

test("a table of guests: mistakes by line and column, then one application for each", async () => {
  const { page, first } = await hosted(me);
  const check = page.url();
  const [ada, bea] = [somebody({ given: "ADA" }), somebody({ given: "BEA" })];
  for (const who of [ada, bea]) entered(running, who);
  await page.getByRole("link", { name: "Add several guests at once" }).click();
  await page.waitForURL(/guests$/);
  await sound(page, "en");
  const csv = await (await page.request.get(`${running.base}/en/services/200.12.14.1/guests.csv`)).text();
  assert.match(csv, /^\ufeffforeigner\.surname_lat;foreigner\.given_names_lat;/);
  assert.doesNotMatch(csv, /applicant|stay\.address/);

  const wrong = table(row(ada, { "document.issued_on": "31.02.2021" }), row(bea, { "foreigner.sex": "X", "document.number": "" }));
  await page.locator("#lines").fill(wrong);
  await onward(page).click();
  await page.locator(".govuk-error-summary").waitFor();
  const told = await page.locator(".govuk-error-summary").innerText();
  assert.match(told, /Line 2, column document\.issued_on: Date of issue: there is no such day/);
  assert.match(told, /Line 3, column foreigner\.sex: there is no “X” in the list/);
  assert.match(told, /Line 3, column document\.number: Enter the number of the document/);
  assert.equal(await page.locator("#lines").inputValue(), wrong);
  await sound(page, "en");
  await page.goto(page.url());
  assert.equal(await page.locator("#lines").inputValue(), wrong, "kept with the draft");
  await page.locator("#lines").fill(`${wrong.split("\n")[0]};visa.color\n`);
  await onward(page).click();
  assert.match(await page.locator(".govuk-error-summary").innerText(), /no column “visa\.color”[^]*no lines below/);

  await page.locator("#lines").fill(table(row(ada), row(bea, { "document.number": bea.number.replace("0", "O") })));
  await onward(page).click();
  await page.waitForURL(check);
  await sound(page, "en");
  // One of them is mistyped: nobody is sent before that is mended.
  assert.match(await page.locator(".govuk-error-summary").innerText(), /TESTER BEA[^]*0 and O/);
  await page.locator('main form[action$="/send"] button').click();
  await page.locator(".govuk-error-summary").waitFor();
  await page.getByRole("link", { name: "Change – TESTER BEA" }).click();
  await page.waitForURL(/guests\/[0-9a-f-]+$/);
  await sound(page, "en");
  await page.locator('[name="document.number"]').fill(bea.number);
  await onward(page).click();
  await page.waitForURL(check);
  assert.equal(await page.locator(".govuk-error-summary").count(), 0);
  await page.locator('main form[action$="/send"] button').click();
  await page.waitForURL(/\/account\/applications$/);
  await sound(page, "en");
  const items = await page.locator("main li.app-list__item").allInnerTexts();
  for (const who of [first, ada, bea]) {
    const own = items.filter((text) => text.includes(`${who.surname} ${who.given} ${who.number}`));
    assert.equal(own.length, 1, `${who.given}: ${items.join(" | ")}`);
    assert.match(own[0], /Registered/);
  }
  await page.getByRole("link").filter({ hasText: /Registration/ }).first().click();
  await page.waitForURL(/applications\/[0-9a-f-]+$/);
  assert.match(await page.locator("main").textContent(), /The stay is registered[^]*Naidzin Jan/);
  await page.close();
});

test("lines of passports: what they do not say is asked for, and a guest can be taken out", async () => {
  const { page } = await hosted(me);
  const check = page.url();
  const [ada, bea] = [somebody({ given: "ADA" }), somebody({ given: "BEA" })];
  for (const who of [ada, bea]) entered(running, who);
  await page.goto(check.replace(/check$/, "guests"));
  const lines = `${zone(ada)}\n\n${zone(bea)}`;
  await page.locator("#lines").fill(lines.replace(`D<<850615`, `D<<850651`));
  await onward(page).click();
  await page.locator(".govuk-error-summary").waitFor();
  assert.match(await page.locator(".govuk-error-summary").innerText(), /Lines 1 to 2 of what was pasted: Line 2, position 20/);
  await page.locator("#lines").fill(lines);
  await onward(page).click();
  await page.waitForURL(check);
  // The same once more adds nobody twice.
  const again = await page.request.post(check.replace(/check$/, "guests"), { headers: { origin: running.base, "sec-fetch-site": "same-origin" },
    form: { lines }, maxRedirects: 0 });
  assert.equal(again.status(), 303);
  await page.reload();
  assert.equal(await page.getByRole("button", { name: /^Take out/ }).count(), 2);
  assert.match(await page.locator(".govuk-error-summary").innerText(), /TESTER ADA[^]*Date of issue[^]*TESTER BEA[^]*Date of issue/);
  await page.getByRole("button", { name: "Take out – TESTER BEA" }).click();
  await page.waitForURL(check);
  assert.doesNotMatch(await says(page), /TESTER BEA/);
  await page.getByRole("link", { name: "Change – TESTER ADA" }).click();
  await page.waitForURL(/guests\/[0-9a-f-]+$/);
  await onward(page).click();
  await page.locator(".govuk-error-summary").waitFor();
  for (const [part, value] of [["day", "25"], ["month", "7"], ["year", "2021"]]) await page.locator(`[name="document.issued_on-${part}"]`).fill(value);
  await onward(page).click();
  await page.waitForURL(check);
  await page.locator('main form[action$="/send"] button').click();
  await page.waitForURL(/\/account\/applications$/);
  assert.match(await says(page), new RegExp(`TESTER ADA ${ada.number}`));
  await page.close();
});

test("a guest book has its bounds, and is for hosts only", async () => {
  const { page } = await hosted(me);
  const check = page.url();
  const book = check.replace(/check$/, "guests");
  const options = { headers: { origin: running.base, "sec-fetch-site": "same-origin" }, maxRedirects: 0 };
  const add = (lines) => page.request.post(book, { ...options, form: { lines } });
  const many = await add(table(...Array.from({ length: 21 }, () => row(somebody()))));
  assert.equal(many.status(), 422);
  assert.match(await many.text(), /there is room for 20 guests more/);
  const long = await add("x".repeat(20_001));
  assert.equal(long.status(), 422);
  assert.match(await long.text(), /at most 20000 characters/);
  for (const lines of ["", " \n", "\"", "a;b\n1;2", "<>&\u0000", "P<"]) assert.equal((await add(lines)).status(), 422, JSON.stringify(lines));
  assert.equal((await page.request.get(`${book}/${crypto.randomUUID()}`)).status(), 404);
  // Nobody else's.
  const other = await chrome.newContext();
  assert.equal((await other.request.get(book)).status(), 410);
  assert.equal((await other.request.post(book, { ...options, form: { lines: "x" } })).status(), 410);
  // Whoever registers only themselves has none.
  await page.goto(check.replace(/check$/, "applicant?change=1"));
  await page.locator('[name="applicant.kind"][value="self"]').check({ force: true });
  await onward(page).click();
  await page.waitForURL(check);
  assert.equal(await page.getByRole("link", { name: "Add several guests at once" }).count(), 0);
  assert.equal((await page.request.get(book, { maxRedirects: 0 })).status(), 303);
  await other.close();
  await page.close();
});

test("the guest book is there in every language, at 320 px", async () => {
  const context = await chrome.newContext({ storageState: await me.storageState(), viewport: { width: 320, height: 800 } });
  const page = await context.newPage();
  for (const lang of LANGS) {
    await filledIn(page, running.base, somebody(), HOST, { lang });
    const check = page.url();
    await page.goto(check.replace(/check$/, "guests"));
    await page.locator("main details summary").click();
    await sound(page, lang);
    await page.locator("#lines").fill("a;b");
    await onward(page).click();
    await page.locator(".govuk-error-summary").waitFor();
    await sound(page, lang);
    await page.locator("#lines").fill(zone(somebody({ given: "ADA" })));
    await onward(page).click();
    await page.waitForURL(check);
    await sound(page, lang);
  }
  await context.close();
});
