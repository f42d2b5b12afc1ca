// The private office: consents and who may see them, documents; passkeys; signing in with a card.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { client, office, signedIn } from "./office.mjs";
import { LANGS, PASSWORD, browser, entered, signUp, stand } from "./stand.mjs";
import { somebody } from "./walk.mjs";

let running, chrome, people, asked;
before(async () => {
  running = await stand();
  chrome = await browser();
  const file = JSON.parse(readFileSync(join(running.dir, "people.json"), "utf8"));
  people = file.people ?? file;
  asked = JSON.parse(readFileSync(join(running.dir, "requests/common-register.json"), "utf8")).request.person_request[0].identif_number;
});
after(async () => {
  await chrome?.close();
  await running?.stop();
});

const nais = (...args) => execFileSync(process.env.NAIS, args, { encoding: "utf8", cwd: running.dir });
const folder = (...parts) => join(running.dir, ...parts);
const person = (number) => people.find((one) => one.identification_number === number);

/** Signs a file with the person's card. */
function sign(number, file, out) {
  const { card, pin2 } = person(number);
  nais("card", "sign", "--card", folder("cards", `${card}.card`), "--pin2", pin2, "--out", out, file);
}

/** Signs the text that the page gives with the person's card; what came of it. */
async function withCard(number, who = client(running), { path = "/en/sign-in/card", change = (text) => text } = {}) {
  const page = await who.get(path);
  const text = Buffer.from(/data:application\/json;base64,([^"]+)"/.exec(page.text)[1], "base64").toString();
  const sealed = /name="sealed" value="([^"]+)"/.exec(page.text)[1];
  const name = `sign-in-${crypto.randomUUID()}`;
  writeFileSync(folder(`${name}.json`), change(text));
  sign(number, folder(`${name}.json`), folder(`${name}.p7s`));
  const signature = readFileSync(folder(`${name}.p7s`)).toString("base64");
  return { who, fields: { sealed, signature }, answer: await who.post("/en/sign-in/card", { sealed, signature }) };
}

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
  const call = () => {
    const file = folder("requests/common-register");
    const text = readFileSync(`${file}.json`, "utf8").replace(/("message_id": ")[0-9a-f-]+/, `$1${crypto.randomUUID()}`);
    const own = folder(`requests/own-${crypto.randomUUID()}`);
    writeFileSync(`${own}.json`, text);
    sign(asked, `${own}.json`, `${own}.p7s`);
    return nais("call", "--as", folder("consumers/notary-chamber"), "--json", "POST", "mvd-34001/v1/common/register", "--data", `@${own}.json`,
      "--consent", `${own}.p7s`);
  };
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
  const low = await signedIn(running, person(people[1].identification_number).email, people[1].password);
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
