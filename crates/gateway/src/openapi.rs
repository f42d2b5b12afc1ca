//! OpenAPI 3.1 of a service, made from its passport, schemas and texts.

use model::Lang;
use model::passport::Method;
use model::service::Service;
use model::terms::Verb;
use serde_json::{Map, Value, json};

/// The description of a service in a language; `server` is the gateway's address.
pub fn describe(service: &Service, lang: Lang, server: &str) -> Value {
    let passport = &service.passport;
    let context = passport.context.as_deref().unwrap_or_default();
    let mut paths = Map::new();
    for method in &passport.methods {
        let path = format!("/{context}/{}", method.path);
        let verb = method.verb.as_str().to_ascii_lowercase();
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(verb, operation(service, method, lang));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{} {}", passport.code, service.text(lang, "title")),
            "description": service.text(lang, "description"),
            "version": context.rsplit('/').next().unwrap_or("v1"),
        },
        "servers": [{ "url": server }],
        "security": [{ "token": [], "certificate": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "GUID" },
                "certificate": { "type": "mutualTLS" },
            },
            "responses": { "Problem": problem() },
        },
    })
}

fn operation(service: &Service, method: &Method, lang: Lang) -> Value {
    let mut operation = json!({
        "operationId": method.path.replace('/', "."),
        "summary": service.text(lang, &format!("methods.{}.title", method.path)),
        "responses": responses(service, method),
    });
    let request = schema(service, method, "request");
    if let Some(object) = operation.as_object_mut() {
        match (method.verb, request) {
            (Verb::Get, Some(schema)) => {
                object.insert("parameters".into(), Value::Array(parameters(&schema)));
            }
            (Verb::Post, Some(schema)) => {
                let content: Map<String, Value> =
                    method.content_types.iter().map(|one| (one.clone(), json!({ "schema": schema }))).collect();
                object.insert("requestBody".into(), json!({ "required": true, "content": content }));
            }
            _ => {}
        }
    }
    operation
}

/// A part of a method's schema, complete in itself: the definitions it refers to stay beside it.
fn schema(service: &Service, method: &Method, part: &str) -> Option<Value> {
    let file = format!("{}.schema.json", method.schema.as_deref()?);
    let document = service.files.get(&file)?;
    let definitions = document.get("$defs")?;
    let mut schema = definitions.get(part)?.clone();
    schema.as_object_mut()?.insert("$defs".into(), definitions.clone());
    Some(schema)
}

fn responses(service: &Service, method: &Method) -> Value {
    let schema = schema(service, method, "response").unwrap_or(Value::Bool(true));
    let mut responses = json!({
        "200": { "description": "OK", "content": { "application/json": { "schema": schema } } },
    });
    if let Some(object) = responses.as_object_mut() {
        for status in ["400", "401", "403", "404", "409", "413", "415", "429", "500", "502", "503", "504"] {
            object.insert(status.into(), json!({ "$ref": "#/components/responses/Problem" }));
        }
    }
    responses
}

fn parameters(schema: &Value) -> Vec<Value> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, schema)| json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": schema }))
        .collect()
}

fn problem() -> Value {
    json!({
        "description": "RFC 9457",
        "content": { "application/problem+json": { "schema": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "timestamp", "message"],
            "properties": {
                "type": { "type": "string", "format": "uri" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "instance": { "type": "string" },
                "code": { "type": "string" },
                "request_id": { "type": "string", "format": "uuid" },
                "timestamp": { "type": "string", "format": "date-time" },
                "message": { "type": "string" },
                "errors": { "type": "array", "items": { "type": "object", "properties": {
                    "pointer": { "type": "string" }, "code": { "type": "string" }, "message": { "type": "string" } } } },
            },
        } } },
    })
}
