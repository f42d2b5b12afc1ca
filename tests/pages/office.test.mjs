// The private office: consents and who may see them, documents; passkeys; signing in with a card.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cards, client, office, signedIn } from "./office.mjs";
import { LANGS, PASSWORD, browser, day, entered, signUp, stand } from "./stand.mjs";
import { somebody } from "./walk.mjs";

let running, chrome, people, asked, withCard, consent;
before(async () => {
  running = await stand();
  chrome = await browser();
  ({ people, asked, withCard, consent } = cards(running));
});
after(async () => {
  await chrome?.close();
  await running?.stop();
});

test("a card signs in at the level high, once for each text", async () => {
  const { who, fields, answer } = await withCard(asked);
  assert.equal(answer.to, "/en/account", answer.text);
  assert.match((await who.follow("/en/account/profile")).text, /High: EDS or ID card/);
  assert.equal((await client(running).post("/en/sign-in/card", fields)).status, 422, "the signature counts once");
  const other = await withCard(asked, client(running), { change: (text) => text.replace("localhost", "evil.example") });
  assert.equal(other.answer.status, 422);
  assert.match(other.answer.text, /Another text was signed/);
});

test("a person sees their consents, takes the record along, and withdraws; nobody else does", async () => {
  const call = consent;
  call();
  const { who } = await withCard(asked);
  await who.follow("/en/account");
  for (const [lang, name, state] of [["en", "Belarusian Notary Chamber", "In force"], ["be", "Беларуская натарыяльная палата", "Дзейнічае"],
    ["ru", "Белорусская нотариальная палата", "Действует"]]) {
    const list = await who.get(`/${lang}/account/consents`);
    assert.ok(list.text.includes(name) && list.text.includes(state), `${lang}: ${list.text}`);
  }
  const path = /href="\/en(\/account\/consents\/[0-9a-f-]{36})"/.exec((await who.get("/en/account/consents")).text)[1];
  const one = await who.get(`/en${path}`);
  for (const says of ["Organisation", "Purpose", "identity data", "Receivers", "Number of the consent"]) assert.ok(one.text.includes(says), says);
  const record = await who.get(`/en${path}/record.json`);
  assert.match(record.headers.get("content-disposition"), /^attachment/);
  const told = JSON.parse(record.text);
  assert.equal(told.schema_version, "ISO/IEC TS 27560:2023");
  assert.ok(path.endsWith(told.record_id) && told.state === "used");
  assert.ok(!record.text.includes(asked), "no number leaves");

  // Whoever has only an address, another person, nobody at all.
  const low = await signedIn(running, people[1].email, people[1].password);
  assert.match((await low.get("/en/account/consents")).text, /You signed in with e-mail and password/);
  const other = await signedIn(running, people[1].identification_number, people[1].password);
  assert.match((await other.get("/en/account/consents")).text, /No organisation has used a consent of yours/);
  const random = `/account/consents/${crypto.randomUUID()}`;
  for (const stranger of [low, other]) {
    for (const at of ["", "/withdraw", "/record.json"]) {
      const [theirs, none] = [await stranger.get(`/en${path}${at}`), await stranger.get(`/en${random}${at}`)];
      const plain = (answer) => answer.text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "");
      assert.equal(theirs.status, 404, at);
      assert.equal(plain(theirs), plain(none), "another’s is told as one that does not exist");
    }
    assert.equal((await stranger.post(`/en${path}/withdraw`)).status, 404);
  }
  const nobody = await client(running).post(`/en${path}/withdraw`);
  assert.equal(nobody.to, `/en/enter?to=${encodeURIComponent("/en/account/consents")}`);
  call();

  const question = await who.get(`/en${path}/withdraw`);
  assert.match(question.text, /<h1[^>]*>Withdraw this consent\?/);
  assert.equal((await who.post(`/en${path}/withdraw`)).to, `/en${path}`);
  const withdrawn = await who.get(`/en${path}`);
  assert.ok(withdrawn.text.includes("Withdrawn") && !withdrawn.text.includes(`${path}/withdraw"`));
  assert.equal(JSON.parse((await who.get(`/en${path}/record.json`)).text).state, "withdrawn");
  assert.throws(call, (error) => /consent-withdrawn/.test(`${error.stdout}${error.stderr}`));
});

test("what was issued is among the documents", async () => {
  const who = somebody();
  entered(running, who);
  const me = await office(running, who);
  const list = await me.get("/en/account/documents");
  for (const end of ["print", "evidence.json"]) {
    const path = new RegExp(`href="([^"]+/${end})"`).exec(list.text)[1];
    assert.equal((await me.get(path)).status, 200, end);
  }
  const other = await signedIn(running, people[2].email, people[2].password);
  assert.match((await other.get("/en/account/documents")).text, /No documents have been issued yet/);
  assert.equal((await me.get("/be/account/sessions")).to, `${running.base}/be/identity/sessions`);
});

test("a statement says what was applied for in a period, what it cost and why, to its person alone", async () => {
  const who = somebody();
  entered(running, who);
  const me = await office(running, who);
  const number = /RB-\d{4}-\d+-\d/.exec((await me.get(`/en${me.application}`)).text)[0];
  const year = Number(day(0).slice(0, 4));
  const period = (from, to) => {
    const part = (name, at) => ["year", "month", "day"].map((key, nth) => `${name}-${key}=${at.split("-")[nth]}`).join("&");
    return `${part("from", from)}&${part("to", to)}`;
  };
  for (const [lang, says] of [["en", ["Free of charge", "of 26 April 2024 No. 322", "Total: 0.00 BYN", "1 application."]],
    ["be", ["Бясплатна", "ад 26 красавіка 2024 г. № 322", "Усяго: 0,00 BYN", "1 заява."]],
    ["ru", ["Бесплатно", "от 26 апреля 2024 г. № 322", "Итого: 0,00 BYN", "1 заявление."]]]) {
    const page = await me.get(`/${lang}/account/statements`);
    assert.equal(page.status, 200);
    for (const text of [number, ...says]) assert.ok(page.text.includes(text), `${lang}: ${text}: ${page.text}`);
    const path = /href="([^"]+statements\.csv[^"]+)"/.exec(page.text)[1].replaceAll("&amp;", "&");
    const csv = await me.get(path);
    assert.match(csv.headers.get("content-disposition"), /^attachment; filename="statement\.csv"$/);
    const [head, line, end] = csv.text.split("\r\n");
    assert.equal(head.split(";").length, 6);
    assert.ok(line.startsWith(`"${day(0)}";`) && line.includes(`"${number}"`) && line.includes('"0.00"') && line.includes(says[1]), line);
    assert.equal(end, "");
  }
  const nothing = await me.get(`/en/account/statements?${period(`${year - 1}-01-01`, `${year - 1}-12-31`)}`);
  assert.ok(nothing.text.includes("There are no applications in this period") && !nothing.text.includes(number));
  assert.ok((await me.get(`/en/account/statements?${period(day(0), day(0))}`)).text.includes(number), "both days count");
  for (const [query, says] of [[period("2026-02-30", "2026-03-01"), /From: there is no such day/], [period("2026-03-02", "2026-03-01"), /Until: this day is before/],
    [period("26-03-02", "2026-03-01"), /From: enter the year in four digits/]]) {
    const page = await me.get(`/en/account/statements?${query}`);
    assert.equal(page.status, 422);
    assert.match(page.text, says);
    assert.match(page.text, /<title>Error: /);
    assert.equal((await me.get(`/en/account/statements.csv?${query}`)).status, 404);
  }
  // Another person sees their own; nobody at all signs in first.
  const other = await signedIn(running, people[2].email, people[2].password);
  for (const path of ["/en/account/statements", "/en/account/statements.csv"]) {
    const theirs = await other.get(path);
    assert.ok(theirs.status === 200 && !theirs.text.includes(number), path);
    assert.equal((await client(running).get(path)).to, `/en/enter?to=${encodeURIComponent(path)}`);
  }
});

/** A page of a browser with an authenticator in it. */
async function withAuthenticator(options = {}) {
  const context = await chrome.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "internal",
    hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  return { context, page, cdp, authenticatorId };
}

test("a passkey is added, signs in, and is removed", async () => {
  const { context, page, cdp, authenticatorId } = await withAuthenticator();
  await page.goto(`${running.base}/en/register`);
  await signUp(page, running, "passkey@example.com");
  await page.goto(`${running.base}/en/identity/sessions`);
  await page.locator('main a[href$="/identity/passkeys"]').click();
  assert.equal(await page.locator("[data-passkey-failed]").isVisible(), false, "no fault before there is one");
  await page.locator("[data-passkey] button").click();
  await page.waitForSelector(".govuk-summary-card");
  const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].rpId, "localhost");
  // The same authenticator is not asked for another.
  await page.locator("[data-passkey] button").click();
  await page.locator("[data-passkey-failed]").waitFor({ state: "visible" });
  for (const lang of LANGS) {
    await context.clearCookies();
    await page.goto(`${running.base}/${lang}/sign-in`);
    await page.locator("[data-passkey] button").click();
    await page.waitForURL(/\/account$/);
  }
  // Who does not verify the person does not get in.
  await context.clearCookies();
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.goto(`${running.base}/en/sign-in`);
  await page.locator("[data-passkey] button").click();
  await page.locator("[data-passkey-failed]").waitFor({ state: "visible" });
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  await page.locator("[data-passkey] button").click();
  await page.waitForURL(/\/account$/);
  await page.goto(`${running.base}/en/identity/passkeys`);
  await page.locator(".govuk-summary-card button").click();
  await page.waitForSelector("text=This account has no passkeys");
  await context.clearCookies();
  await page.goto(`${running.base}/en/sign-in`);
  await page.locator("[data-passkey] button").click();
  await page.waitForSelector(".govuk-error-summary");
  assert.match(await page.locator(".govuk-error-summary").innerText(), /The passkey was not accepted/);
  await context.close();
});

test("without JavaScript the pages say that passkeys need it, and everything else is there", async () => {
  const context = await chrome.newContext({ javaScriptEnabled: false, locale: "en" });
  const page = await context.newPage();
  await page.goto(`${running.base}/en/register`);
  await signUp(page, running, "plain@example.com");
  await page.goto(`${running.base}/en/identity/passkeys`);
  assert.match(await page.locator("main").innerText(), /Passkeys need JavaScript/);
  assert.equal(await page.locator("[data-passkey]").isVisible(), false);
  await page.goto(`${running.base}/en/identity/two-step`);
  assert.equal(await page.locator("main form button").isVisible(), true);
  await context.clearCookies();
  await page.goto(`${running.base}/en/sign-in`);
  assert.equal(await page.locator("[data-passkey]").isVisible(), false);
  await page.locator("#login").fill("plain@example.com");
  await page.locator("#password").fill(PASSWORD);
  await page.locator("main form button:not([type=button])").first().click();
  await page.waitForURL(/\/account/);
  await context.close();
});
