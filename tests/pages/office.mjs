// Requests as a browser makes them, without one; and somebody with a private office that is not empty.
import assert from "node:assert/strict";
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
  who.pages = ["/account", "/account/messages", "/account/applications", "/account/documents", "/account/consents", "/account/disclosures",
    "/account/profile", application, `${application}/print`, told, "/identity/sessions", "/identity/password", "/identity/two-step",
    "/identity/passkeys", "/sign-out", "/services", `/services/${SERVICE}`];
  return who;
}
