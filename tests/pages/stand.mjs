// A stand of one's own, and a browser: what the tests of pages share.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const LANGS = ["en", "be", "ru"];

const port = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A running stand: its address, what stops it, and its commands. `settings` are added to its configuration. */
export async function stand({ program = process.env.NAIS, settings = "" } = {}) {
  if (!program) throw new Error("NAIS names the program that is tested");
  const dir = join(mkdtempSync(join(tmpdir(), "nais-pages-")), "stand");
  const [portal, gateway, operations] = [await port(), await port(), await port()];
  const options = ["stand", "--dir", dir, "--portal", `localhost:${portal}`, "--gateway", `127.0.0.1:${gateway}`,
    "--operations", `127.0.0.1:${operations}`];
  let said = "";
  let child;
  const start = async () => {
    child = spawn(program, options, { stdio: ["ignore", "pipe", "pipe"] });
    const started = child;
    started.stderr.on("data", (part) => (said += part));
    await new Promise((resolve, reject) => {
      started.stdout.on("data", (part) => String(part).includes("is ready") && resolve());
      started.on("exit", (code) => reject(new Error(`the stand ended with ${code}: ${said}`)));
    });
  };
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", resolve);
      child.kill("SIGINT");
    });
  await start();
  if (settings) {
    // The configuration is there after the first start.
    await stop();
    appendFileSync(join(dir, "nais.toml"), settings);
    await start();
  }
  const call = (consumer, path, body, wants = 0) => {
    const args = ["call", "--as", join(dir, "consumers", consumer), "--json", "POST", path, "--data", JSON.stringify(body)];
    try {
      return execFileSync(program, args, { encoding: "utf8" });
    } catch (error) {
      if (error.status === wants) return error.stdout;
      throw new Error(`nais ${args.join(" ")}: ${error.stdout}${error.stderr}`);
    }
  };
  return { base: `http://localhost:${portal}`, dir, call, said: () => said, start, stop };
}

export const day = (offset) => new Date(Date.now() + 3 * 3600e3 + offset * 86400e3).toISOString().slice(0, 10);

/** A foreigner who has entered, as the border committee reports it. */
export function entered(stand, { number, surname, given, citizenship = "DEU", date = day(0), checkpoint = "BY-AIR-MSQ" }) {
  const body = JSON.parse(readFileSync(join(stand.dir, "requests/crossings-submit.json"), "utf8"));
  const record = body.records[0];
  body.message_id = crypto.randomUUID();
  record.crossing_id = `C-${number}`;
  Object.assign(record.foreigner, { surname_lat: surname, given_names_lat: given, citizenship, birth_date: "19850615", sex: "F" });
  delete record.foreigner.surname_ru;
  delete record.foreigner.name_ru;
  Object.assign(record.doc, { doc_number: number, issuing_state: citizenship });
  record.checkpoint_code = checkpoint;
  // A crossing is not in the future, whatever the hour of the test.
  record.crossing_time = date === day(0) ? record.crossing_time : `${date}T10:00:00+03:00`;
  stand.call("border-committee", "mvd-38801/v1/crossings/submit", body);
}

/** What an ordinary application says; `change` overrides by the fields' names. */
export function answers({ number, surname, given, citizenship = "DEU", date = day(0) }, change = {}) {
  return {
    "foreigner.surname_lat": surname, "foreigner.given_names_lat": given,
    "foreigner.birth_date": "1985-06-15", "foreigner.sex": "F", "foreigner.citizenship": citizenship,
    "document.type": "passport", "document.number": number, "document.issuing_state": citizenship,
    "document.issued_on": "2021-07-25", "document.expires_on": "2031-07-25",
    "insurance.insurer": "Belgosstrakh", "insurance.policy_number": "MC-1020304",
    "insurance.valid_from": day(-30), "insurance.valid_to": day(120), "insurance.sum": "10000",
    "visa.regime": "visa", "visa.number": "BY1234567", "visa.type": "C", "visa.multiplicity": "1",
    "visa.valid_from": day(-30), "visa.valid_to": day(60), "visa.stay_days": "45",
    "visa.ground": "airport30",
    "entry.route": "state-border", "entry.date": date, "entry.checkpoint": "BY-AIR-MSQ", "entry.purpose": "01",
    "stay.to": day(25), "stay.address.region": "minsk", "stay.address.street": "Niezaliežnasci",
    "stay.address.house": "10", "stay.address.flat": "5",
    "applicant.kind": "self",
    ...change,
  };
}

/** Fills in whatever the page asks, by the names of its fields. */
export async function fill(page, given) {
  for (const radio of await page.locator("fieldset input[type=radio]").evaluateAll((all) => [...new Set(all.map((one) => one.name))])) {
    if (radio === "size" || radio === "spacing" || radio === "colours") continue;
    const one = page.locator(`input[name="${radio}"][value="${given[radio]}"]`);
    // What hangs on another choice is there once that was made: the order of the page is that of the choices.
    if (given[radio] && (await one.isVisible())) await one.check({ force: true });
  }
  for (const [name, kind] of await page.locator("main input, main select, main textarea").evaluateAll((all) =>
    all.map((one) => [one.name, one.tagName === "SELECT" ? "select" : one.type]))) {
    if (["radio", "hidden", "checkbox"].includes(kind)) continue;
    const part = /^(.*)-(day|month|year)$/.exec(name);
    const input = page.locator(`[name="${name}"]`);
    if (!(await input.isVisible())) continue;
    if (part) {
      const [year, month, dayOf] = (given[part[1]] ?? "").split("-");
      await input.fill(String({ day: dayOf, month, year }[part[2]] ?? ""));
    } else if (kind === "select") {
      const value = given[name];
      if (value) await input.selectOption(value);
      else if (given[name] === undefined) await input.selectOption({ index: 1 });
    } else if (given[name] !== undefined) {
      await input.fill(given[name]);
    }
  }
}

/** The button with which a page of the form goes on. */
export const onward = (page) => page.locator("main form .govuk-button-group button").first();

/**
 * From the first question to the page of all answers; with `look: false` whoever has no account comes to where one gets it,
 * as most people do.
 */
export async function through(page, given, each = async () => {}, { look = true } = {}) {
  for (let step = 0; step < 20; step += 1) {
    if (/\/(check|register|sign-in)$/.test(new URL(page.url()).pathname)) return step;
    await fill(page, given);
    await each(page);
    const before = page.url();
    const first = page.locator('main form button[name="look"]');
    if (look && (await first.count())) await first.click();
    else await onward(page).click();
    await page.waitForLoadState();
    if (page.url() === before) {
      throw new Error(`refused at ${before}: ${await page.locator(".govuk-error-summary").innerText().catch(() => page.content())}`);
    }
  }
  throw new Error(`the form does not end: ${page.url()}`);
}

/** The newest message of the stand for this address. */
export async function message(stand, address) {
  const page = await (await fetch(`${stand.base}/stand/mail`)).text();
  const at = page.indexOf(address);
  if (at < 0) throw new Error(`there is no message for ${address}`);
  const text = page.slice(at, at + 6000);
  const link = /href="([^"]*token=[^"]*)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
  const code = /\b(\d{6}|\d{3} \d{3})\b/.exec(text.replace(/<[^>]*>/g, " "))?.[1];
  return { link, code, text };
}

export async function browser() {
  const chrome = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--in-process-gpu"] });
  const open = chrome.newContext.bind(chrome);
  // What is not there after ten seconds does not come: a test says so soon. A busy machine is given more: PATIENCE, in milliseconds.
  chrome.newContext = async (options) => {
    const context = await open(options);
    context.setDefaultTimeout(Number(process.env.PATIENCE ?? 10_000));
    return context;
  };
  return chrome;
}

/** A password of somebody. */
export const PASSWORD = "correct-horse-battery-Staple";

/** Asks for an account from wherever UIS ILE asks to sign in; ends at the page that waits for the message. */
export async function askForAccount(page, address, name = ["Naidzin", "Jan"], each = async () => {}) {
  if (!/\/register/.test(page.url())) {
    await page.locator('main a[href*="/register"]').first().click();
    await page.waitForURL(/\/register/);
  }
  await each(page);
  await page.locator("#email").fill(address);
  await page.locator("#surname").fill(name[0]);
  await page.locator("#given_name").fill(name[1]);
  await page.locator("main form button").first().click();
  await page.waitForURL(/\/register\/sent/);
  await each(page);
}

/** An account by e-mail, by the link or the code of the message; ends where the person came from. */
export async function signUp(page, stand, address, { name, by = "link", each = async () => {} } = {}) {
  await askForAccount(page, address, name, each);
  const { link, code } = await message(stand, address);
  if (by === "code") {
    await page.locator("#code").fill(code);
  } else {
    await page.goto(link);
    await each(page);
  }
  await page.locator("#password").fill(PASSWORD);
  // Hashing a password takes its time in a program that was not built for speed.
  await page.locator("main form button:not([type=button])").last().click({ timeout: 30_000 });
  await page.waitForURL((url) => !url.pathname.includes("/register"), { timeout: 30_000 });
}
