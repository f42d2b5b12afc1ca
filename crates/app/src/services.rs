//! Service folders on disk: read into [`model::Service`], and checked as far as that goes without a running node.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::service::Example;
use model::{Lang, Method, Service, Texts};

use crate::exit::Error;
use crate::files;

/// The service of one folder. What is wrong names file, key and what was expected.
pub fn read_folder(folder: &Path) -> Result<Service, Error> {
    if !folder.is_dir() {
        return Err(Error::config(folder, "", "expected a service's folder with passport.toml".to_owned()));
    }
    let mut texts = BTreeMap::new();
    collect(folder, "", &mut texts)?;
    for part in ["methods", "examples", "classifiers"] {
        let below = folder.join(part);
        if below.is_dir() {
            collect(&below, &format!("{part}/"), &mut texts)?;
        }
    }
    Service::from_files(&texts).map_err(|error| match error {
        model::Error::File { file, key, expected } => Error::config(&folder.join(file), &key, expected),
        error => Error::config(folder, "", error.to_string()),
    })
}

/// All services of a folder of folders, by code. Names that begin with a point are left aside.
pub fn read_folders(folder: &Path) -> Result<Vec<Arc<Service>>, Error> {
    let mut services: Vec<Arc<Service>> = Vec::new();
    for path in folders(folder)? {
        let service = read_folder(&path)?;
        if let Some(other) = services.iter().find(|other| clashes(other, &service)) {
            let expected = format!("code and context once only; {} has them too", other.passport.code);
            return Err(Error::config(&path.join("passport.toml"), "code", expected));
        }
        services.push(Arc::new(service));
    }
    services.sort_by(|one, other| one.passport.code.cmp(&other.passport.code));
    Ok(services)
}

/// Whether two services cannot stand beside each other.
pub fn clashes(one: &Service, other: &Service) -> bool {
    let (one, other) = (&one.passport, &other.passport);
    one.code == other.code || (one.context.is_some() && one.context == other.context)
}

/// The service folders in a folder, sorted by name.
pub fn folders(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let wrong = |error: std::io::Error| Error::config(folder, "", format!("the folder cannot be read: {error}"));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if entry.path().is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) -> Result<(), Error> {
    let wrong = |error: std::io::Error| Error::config(folder, "", format!("the folder cannot be read: {error}"));
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let is_text = path.extension().is_some_and(|ending| ending == "toml" || ending == "json");
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| is_text && path.is_file()) {
            texts.insert(format!("{prefix}{name}"), files::text(&path)?);
        }
    }
    Ok(())
}

/// What a check looked at and what it found.
#[derive(Debug)]
pub struct Checked {
    /// The service, when its folder could be read.
    pub service: Service,
    /// What is wrong, each with its file and the cure.
    pub faults: Vec<String>,
}

/// Reads the folder and holds its examples against its schemas.
pub fn check(folder: &Path) -> Result<Checked, Error> {
    let service = read_folder(folder)?;
    let mut faults = Vec::new();
    let name =
        fs::canonicalize(folder).ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    let expected = service.passport.code.path();
    if name.as_ref().is_some_and(|name| *name != expected) {
        faults.push(format!("{}: the folder must be called {expected}, after its code", folder.display()));
    }
    if let Err(error) = portal::form::Form::of(&service) {
        faults.push(error.to_string());
    }
    let texts = Texts::of_refusals()?;
    for example in service.examples.iter().filter(|example| (200..300).contains(&example.expect.status)) {
        example_faults(&service, example, &texts, &mut faults);
    }
    Ok(Checked { service, faults })
}

fn example_faults(service: &Service, example: &Example, texts: &Texts, faults: &mut Vec<String>) {
    let told = |what: String| format!("example `{}`: {what}", example.name);
    let (path, query) = example.path.split_once('?').unwrap_or((&example.path, ""));
    let Some(method) = service.passport.method(example.verb, path) else {
        faults.push(told(format!("{} {path} is no method of this service", example.verb.as_str())));
        return;
    };
    let names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or_default());
    for name in names.filter(|name| !method.query.iter().any(|known| known == name)) {
        faults.push(told(format!("query parameter `{name}` is not in the passport's methods.query of {path}")));
    }
    body_faults(service, method, example, texts).into_iter().for_each(|fault| faults.push(told(fault)));
}

/// What the request's schema says against the body.
fn body_faults(service: &Service, method: &Method, example: &Example, texts: &Texts) -> Vec<String> {
    let schema = service.schemas(method).and_then(|schemas| schemas.request.as_ref());
    match (schema, &example.body) {
        (Some(schema), Some(body)) => schema.check(body).err().map_or_else(Vec::new, |faults| {
            let told = |fault: &model::Fault| format!("body{}: {}", fault.pointer, texts.fault(Lang::En, fault));
            faults.iter().map(told).collect()
        }),
        (Some(_), None) => vec!["a body is expected, because the method has a request schema".to_owned()],
        (None, Some(_)) => vec!["no body is expected, because the method has no request schema".to_owned()],
        (None, None) => Vec::new(),
    }
}
