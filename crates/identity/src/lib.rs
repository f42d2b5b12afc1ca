//! UIS ILE: accounts, sign-up by e-mail, sessions and the OpenID provider.
#![forbid(unsafe_code)]
