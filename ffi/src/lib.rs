extern crate pg_query as _;
use cedar_policy as _;
use jsonwebtoken as _;
