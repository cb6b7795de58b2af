//! Qualys' codes: what they come with.
//!
//! Codes and meanings: qualys-api.md 2.1 (certain); the HTTP status as recorded where it was, else likely. The texts
//! are the lab's own, but for the two that were recorded (2000, 7001) and the two of the old guide (999, 2010).

/// Everything the lab knows to answer.
const CODES: &[(u32, u16, &str)] = &[
    (999, 500, "Internal error. Please contact customer support."),
    (1901, 400, "Unrecognized parameter."),
    (1903, 400, "Missing required parameter."),
    (1904, 400, "Parameters exclude each other."),
    (1905, 400, "Parameter has an invalid value."),
    (1907, 400, "Parameters do not go together."),
    (1908, 400, "Request method is not allowed for this call."),
    (1920, 409, "The requested operation is blocked."),
    (1922, 400, "At least one of several parameters is needed."),
    (
        1960,
        409,
        "Too many calls of this API are running for your subscription.",
    ),
    (
        1965,
        409,
        "Your subscription has used up its calls of this API for now.",
    ),
    (1980, 200, "The list was truncated."),
    (1981, 409, "The request is being processed; ask again later."),
    (1982, 409, "Duplicate hosts were found."),
    (1999, 503, "Qualys is under maintenance."),
    (2000, 401, "Bad Login/Password"),
    (2002, 401, "User account is inactive."),
    (
        2003,
        409,
        "Registration must be completed before API requests will be served for this account.",
    ),
    (2007, 403, "Access from this address is not allowed."),
    (2010, 401, "Bad Login/Password"),
    (2011, 401, "SecurID authentication is required."),
    (2012, 403, "Your license does not include API access."),
    (7001, 200, "Report cannot be fetched."),
];

/// The HTTP status that a code usually comes with.
pub(super) fn status(code: u32) -> u16 {
    known(code).map_or(409, |&(_, status, _)| status)
}

/// What Qualys says of it.
pub(super) fn text(code: u32) -> &'static str {
    known(code).map_or("An error that nobody documented.", |&(_, _, text)| text)
}

fn known(code: u32) -> Option<&'static (u32, u16, &'static str)> {
    CODES.iter().find(|(known, ..)| *known == code)
}
