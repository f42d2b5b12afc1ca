// Requests as a browser makes them, without one; and somebody with a private office that is not empty.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PASSWORD, answers, message } from "./stand.mjs";
import { SERVICE, fields } from "./walk.mjs";

/** A browser's jar of cookies, and requests as a browser sends them. */
export function client(running) {
  const jar = new Map();
  const ask = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(path.startsWith("http") ? path : running.base + path, {
      method, redirect: "manual", body: body === undefined ? body : new URLSearchParams(body).toString(),
      headers: {
        ...(method === "POST" ? { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" } : {}),
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "), ...headers,
      },
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    return { status: response.status, text: await response.text(), headers: response.headers, to: response.headers.get("location") };
  };
  const get = (path, options) => ask("GET", path, options);
  const post = (path, body = {}, options = {}) => ask("POST", path, { body, ...options });
  /** Follows redirects to the page at their end. */
  const follow = async (path) => {
    let response = await get(path);
    for (let step = 0; response.to && step < 10; step += 1) response = await get(response.to);
    return response;
  };
  return { jar, get, post, follow };
}

/** Signed in at UIS ILE with this login, and at the portal. */
export async function signedIn(running, login, password) {
  const who = client(running);
  const answer = await who.post("/en/sign-in", { login, password });
  assert.equal(answer.status, 303, answer.text);
  assert.equal((await who.follow("/en/account")).status, 200);
  return who;
}

/** An account whose application for `foreigner` was sent; `pages` are those of its private office, below a language. */
export async function office(running, foreigner) {
  const who = client(running);
  const address = `office-${crypto.randomUUID()}@example.com`;
  await who.post("/en/register", { email: address, surname: "Naidzin", given_name: "Jan" });
  const { link } = await message(running, address);
  const token = /name="token" value="([^"]+)"/.exec((await who.get(link)).text)[1];
  const { to: next } = await who.post("/en/register/confirm", { token, password: PASSWORD });
  if (next?.endsWith("/password")) await who.post(next, { password: PASSWORD });
  assert.equal((await who.follow("/en/account")).status, 200);
  let { to } = await who.post(`/en/services/${SERVICE}/apply`);
  for (let step = 0; step < 20 && !to.endsWith("/check"); step += 1) {
    to = (await who.post(to, { ...fields((await who.get(to)).text, answers(foreigner)), look: "1" })).to;
  }
  const application = (await who.post(to.replace(/check$/, "send"))).to.slice(3);
  const told = /href="\/en(\/account\/messages\/[^"]+)"/.exec((await who.get("/en/account/messages")).text)[1];
  who.address = address;
  who.application = application;
  who.pages = ["/account", "/account/messages", "/account/applications", "/account/documents", "/account/consents", "/account/disclosures",
    "/account/statements", "/account/statements?from-day=31&from-month=2&from-year=2026", "/account/profile", application, `${application}/print`, told, "/identity/sessions", "/identity/password", "/identity/two-step",
    "/identity/passkeys", "/sign-out", "/services", `/services/${SERVICE}`];
  return who;
}

/** The consents of somebody signed in, one of them, and the question before its withdrawal; `each` is told where it is. */
export async function consentPages(page, base, lang, { jar }, each) {
  await page.context().clearCookies();
  await page.context().addCookies([...jar].map(([name, value]) => ({ name, value, url: base })));
  await page.goto(`${base}/${lang}/account/consents`);
  await each("consents");
  await page.locator('main a[href*="/account/consents/"]').first().click();
  await page.waitForURL(/consents\/[0-9a-f-]+$/);
  await each("consent");
  await page.goto(`${page.url()}/withdraw`);
  await each("consent-withdraw");
}

/** The stand's people, and what they do with their cards. `asked` is the number that the stand's ready request asks about. */
export function cards(running) {
  const file = JSON.parse(readFileSync(join(running.dir, "people.json"), "utf8"));
  const people = file.people ?? file;
  const asked = JSON.parse(readFileSync(join(running.dir, "requests/common-register.json"), "utf8")).request.person_request[0].identif_number;
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

  /** A notary asks about them under a new consent; throws when that is refused. */
  const consent = () => {
    const file = folder("requests/common-register");
    const text = readFileSync(`${file}.json`, "utf8").replace(/("message_id": ")[0-9a-f-]+/, `$1${crypto.randomUUID()}`);
    const own = folder(`requests/own-${crypto.randomUUID()}`);
    writeFileSync(`${own}.json`, text);
    sign(asked, `${own}.json`, `${own}.p7s`);
    return nais("call", "--as", folder("consumers/notary-chamber"), "--json", "POST", "mvd-34001/v1/common/register", "--data", `@${own}.json`,
      "--consent", `${own}.p7s`);
  };
  return { people, asked, withCard, consent };
}
