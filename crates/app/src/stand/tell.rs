//! What a newcomer reads when the stand is ready.

use std::time::Duration;

use super::Args;
use crate::config::Config;

/// Prints what to open and what to type.
pub(crate) fn ready(args: &Args, config: &Config, took: Duration, filled: bool) {
    let dir = args.dir.display();
    println!(
        "The stand is ready ({:.1} s). Everything in it is synthetic. Ctrl-C stops it; started again it goes on.

  portal       http://{portal}     the services, in three languages; its mail is at /stand/mail
  gateway      https://{gateway}   mutual TLS; consumers in {dir}/consumers/
  ledger       http://{portal}/ledger/checkpoint
  operations   http://{operations}/readyz

Send a border crossing (in another terminal, in this folder):

  nais call --as {dir}/consumers/border-committee POST mvd-38801/v1/crossings/submit \\
    --data @{dir}/requests/crossings-submit.json

Now register his stay on the portal: http://{portal}/en/services/200.12.14.1 – the person and the
document are those of the crossing. Or sign in as somebody of {dir}/people.json.

Find the crossing again:

  nais call --as {dir}/consumers/mia POST mvd-38801/v1/crossings/search \\
    --data @{dir}/requests/crossings-search.json

The same with curl:

  curl --cacert {dir}/pki/root.pem --cert {dir}/consumers/border-committee/tls.pem \\
    --key {dir}/consumers/border-committee/tls.key -H 'Content-Type: application/json' \\
    -H \"Authorization: Bearer $(sed -n 's/^token = \\\"\\(.*\\)\\\"/\\1/p' {dir}/consumers/border-committee/consumer.toml)\" \\
    --data-binary @{dir}/requests/crossings-submit.json https://{gateway}/mvd-38801/v1/crossings/submit

More ready requests are in {dir}/requests/. `nais --help` lists the commands.",
        took.as_secs_f64(),
        gateway = config.gateway.listen,
        portal = config.portal.listen,
        operations = config.operations.listen,
    );
    if !filled {
        println!(
            "\n20,000 foreigners, 5,000 proceedings and 100,000 people are being written beside the work; the first of\n\
             them are there."
        );
    }
}
