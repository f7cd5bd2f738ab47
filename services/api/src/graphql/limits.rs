//! Refuses documents that cost too much: by their form before they are validated, by their complexity before they are executed.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextValidation};
use async_graphql::{Request, ServerError, ServerResult, ValidationResult};

use super::document::{holds_nul, malformed, over, parsed, refusal};
use crate::configuration::Limits;

/// The limits, for every request.
#[derive(Debug)]
pub struct LimitsOf(pub Limits);

impl ExtensionFactory for LimitsOf {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Check(self.0.clone()))
    }
}

struct Check(Limits);

#[async_trait::async_trait]
impl Extension for Check {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        if holds_nul(&request.query, &request.variables) {
            return Err(malformed("A text of the request holds the character NUL, which no text here can."));
        }
        let document = parsed(&request.query, &self.0)?;
        request.set_parsed_query(document);
        next.run(context, request).await
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(context).await?;
        if result.complexity > self.0.graphql_complexity {
            return Err(vec![refusal(over("units of complexity", result.complexity, self.0.graphql_complexity))]);
        }
        Ok(result)
    }
}
