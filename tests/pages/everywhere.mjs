// Every page and state of a language, one after the other, as people come to them.
import { consentPages } from "./office.mjs";
import { LANGS, PASSWORD, answers, askForAccount, entered, fill, message, onward } from "./stand.mjs";
import { SERVICE, begin, filledIn, send, somebody } from "./walk.mjs";

const FILES = 'input[name="insurance.copies"]';
const PDF = { name: "policy.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n") };

/**
 * Goes through every page and state of a language and gives each to `look` under a name; `wrong` marks a page with mistakes.
 * `holder` is somebody signed in who gave consents.
 */
export async function everywhere({ running, holder }, lang, page, look) {
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
  const walk = { running, base, lang, page, look, open, submit };
  const who = somebody();
  entered(running, who);
  await withoutAccount(walk);
  await withTheForm(walk, who);
  await withTheGuestBook(walk);
  await withOtherOutcomes(walk, who);
  await withAnAccount(walk);
  await withCredentials(walk, holder);
}

async function withoutAccount({ base, lang, page, look, open, submit }) {
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
}

/** The form, each question once as it is and once with mistakes, by the way of visas in Minsk and by the other. */
async function withTheForm(walk, who) {
  const { base, lang, page, look, submit } = walk;
  const seen = new Set();
  for (const change of [{}, { "visa.regime": "visa-free", "visa.ground": "event", "visa.event_document": "ED00000055",
    "stay.address.region": "brest", "stay.address.locality": "Brest", "applicant.kind": "representative",
    "applicant.full_name": "Naidzin Jan", "applicant.authority": "Power of attorney" },
    { "applicant.kind": "host", "applicant.host_kind": "owner", "applicant.full_name": "Naidzin Jan", "applicant.number": "100000007" }]) {
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
    if (!Object.keys(change).length) await withSignUp(walk);
  }
}

/** From the page of all answers to the result, by a new account. */
async function withSignUp({ running, lang, page, look, submit }) {
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

/** The guest book, from the page of all answers about a host's first guest. */
async function withTheGuestBook({ page, look, submit }) {
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
}

/** What is mistyped, what is decided otherwise. */
async function withOtherOutcomes({ base, lang, page, look }, who) {
  await filledIn(page, base, { ...who, number: who.number.replace("0", "O") }, {}, { lang });
  await look("check-wrong", { wrong: true });
  await filledIn(page, base, somebody(), { "entry.route": "from-russia" }, { lang });
  await look("check-visit");
  await send(page);
  await look("personal-visit");
}

async function withAnAccount({ base, lang, page, look, open, submit }) {
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
}

/** The pages of a passkey that is there, and of somebody who gave consents. */
async function withCredentials({ running, page, lang, look }, holder) {
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
  // The list is the page of the office that was seen empty: under its name, so that both may have one title.
  await consentPages(page, running.base, lang, holder, (name) => look(name === "consents" ? "account/consents-given" : name));
  if (lang !== LANGS.at(-1)) return;
  await page.locator("main form button").first().click();
  await page.waitForURL(/consents\/[0-9a-f-]+$/);
  await look("consent-withdrawn");
}
