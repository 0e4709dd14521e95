package config

// fileKeys is every key outside routes, in the order of the file.
var fileKeys = []Key{
	{
		Path: "version", Doc: "Format of this file.", FileOnly: true, check: checkVersion,
		field: ofConfig(func(c *Config) any { return &c.Version }),
	},
	{
		Path: "store", Doc: "Your own bucket: documents, results, failures, records.", check: checkBucket,
		field: ofConfig(func(c *Config) any { return &c.Store }),
	},
	{
		Path: "exchange", Doc: "The only bucket that the provider sees; its name should say nothing.", check: checkBucket,
		field: ofConfig(func(c *Config) any { return &c.Exchange }),
	},
	{
		Path: "ledger", Doc: "The bucket of the evidence; the name is kept for it, nothing is written there yet.", check: checkBucket,
		field: ofConfig(func(c *Config) any { return &c.Ledger }),
	},

	{
		Path: "ca_bundle", Doc: "PEM file with further roots to trust, for the buckets and the provider.", Others: []string{"AWS_CA_BUNDLE"},
		field: ofConfig(func(c *Config) any { return &c.CABundle }),
	},
	{
		Path: "s3.region", Doc: "AWS region of the buckets.", Others: []string{"AWS_REGION", "AWS_DEFAULT_REGION"},
		field: ofConfig(func(c *Config) any { return &c.S3.Region }),
	},
	{
		Path: "s3.endpoint", Doc: "S3 endpoint as this process reaches it, for MinIO and others; AWS when empty.",
		Others: []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}, check: checkURL,
		field: ofConfig(func(c *Config) any { return &c.S3.Endpoint }),
	},
	{
		Path: "s3.path_style", Doc: "Put the bucket's name into the path instead of the host name.", Default: "false",
		field: ofConfig(func(c *Config) any { return &c.S3.PathStyle }),
	},

	{
		Path: "provider.region", Doc: "Which of the provider's regions.", Default: "us", Values: []string{"us", "eu"},
		field: ofConfig(func(c *Config) any { return &c.Provider.Region }),
	},
	{
		Path: "provider.base_url", Doc: "Chooses among the provider's hosts that the policy allows; by region when empty.",
		Others: []string{"LANDINGAI_ADE_BASE_URL"}, check: checkURL,
		field: ofConfig(func(c *Config) any { return &c.Provider.BaseURL }),
	},
	{
		Path: "provider.api_key_file", Doc: "File with the API key; the variable VISION_AGENT_API_KEY goes before it.",
		field: ofConfig(func(c *Config) any { return &c.Provider.APIKeyFile }),
	},
	{
		Path: "provider.api_key_secret", Doc: "ARN of a secret of AWS Secrets Manager with the API key, as text or as a JSON object's member VISION_AGENT_API_KEY or api_key; variable and file go before it.", check: checkSecret,
		field: ofConfig(func(c *Config) any { return &c.Provider.APIKeySecret }),
	},

	{
		Path: "provider.list_lag", Doc: "How long after a document was taken away a job that has read it may be missing from the provider's list: the longest fetch, for one that had begun, and the list's own lag. After a lost answer a document is submitted again only when the list, this long after, does not have it; the provider documents no number.",
		Default: "2m", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Provider.ListLag }),
	},

	{
		Path: "provider.limits.extract_jobs_per_hour", Doc: "How many extract jobs the whole fleet submits in an hour, evenly spread; 0 is no limit.", Default: "0", check: checkCount,
		field: ofConfig(func(c *Config) any { return &c.Provider.Limits.ExtractJobsPerHour }),
	},
	{
		Path: "provider.limits.parse_pages_per_hour", Doc: "How many pages the whole fleet submits for parsing in an hour, evenly spread, as far as they are counted; a document counts one at least; 0 is no limit.", Default: "0", check: checkCount,
		field: ofConfig(func(c *Config) any { return &c.Provider.Limits.ParsePagesPerHour }),
	},
	{
		Path: "provider.limits.in_flight", Doc: "How many documents the whole fleet has at the provider at the same time; 0 is no limit.", Default: "0", check: checkCount,
		field: ofConfig(func(c *Config) any { return &c.Provider.Limits.InFlight }),
	},

	{
		Path: "signing.lifetime", Doc: "The most that is asked for a presigned URL.", Default: "6h", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Signing.Lifetime }),
	},
	{
		Path: "signing.signature_age", Doc: "The oldest signature that the exchange bucket's policy lets in (s3:signatureAge); 0s when it has no such rule.", Default: "0s",
		field: ofConfig(func(c *Config) any { return &c.Signing.SignatureAge }),
	},
	{
		Path: "signing.endpoint", Doc: "S3 endpoint as the provider reaches it; s3.endpoint when empty.",
		Others: []string{"ZDRWORKER_PUBLIC_ENDPOINT"}, check: checkURL,
		field: ofConfig(func(c *Config) any { return &c.Signing.Endpoint }),
	},
	identityKey("reader", "credentials"), identityKey("reader", "role"), identityKey("reader", "token_file"),
	identityKey("reader", "profile"), identityKey("reader", "prefix"),
	identityKey("writer", "credentials"), identityKey("writer", "role"), identityKey("writer", "token_file"),
	identityKey("writer", "profile"), identityKey("writer", "prefix"),

	{
		Path: "timing.lease", Doc: "How long a worker may prepare a submission before another takes over.", Default: "2m", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Timing.Lease }),
	},
	{
		Path: "timing.post_timeout", Doc: "The most that one request to the provider may take.", Default: "1m", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Timing.PostTimeout }),
	},
	{
		Path: "timing.clock_skew", Doc: "How wrong the workers' clocks may be before a healthy submission is fenced needlessly.", Default: "30s", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Timing.ClockSkew }),
	},
	{
		Path: "timing.drain_margin", Doc: "The longest upload: how long after its URL has ended a result may still land.", Default: "1h", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Timing.DrainMargin }),
	},
	{
		Path: "timing.job_time", Doc: "The least validity that a URL must have at submission: the time that the slowest job may take.", Default: "30m", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Timing.JobTime }),
	},
	{
		Path: "timing.ask", Doc: "How long the provider is left alone about a job that has not delivered: so late it is noticed that one failed.", Default: "1m", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Timing.Ask }),
	},

	{
		Path: "policy.residency", Doc: "same-region: AWS buckets and provider on the same side, us or eu; any: not compared.",
		Default: "same-region", Values: []string{"same-region", "any"},
		field: ofConfig(func(c *Config) any { return &c.Policy.Residency }),
	},
	{
		Path: "policy.max_url_lifetime", Doc: "No presigned URL lives longer.", Default: "12h", check: checkPositive,
		field: ofConfig(func(c *Config) any { return &c.Policy.MaxURLLifetime }),
	},
	{
		Path: "policy.sync_calls", Doc: "allow: programs that use the library may parse synchronously, with the Markdown in the reply; this program's commands never do.",
		Default: "deny", Values: []string{"deny", "allow"},
		field: ofConfig(func(c *Config) any { return &c.Policy.SyncCalls }),
	},
	{
		Path: "policy.schemas", Doc: "Digests of the schemas that may be sent; `zdrworker policy approve FILE` adds one.", check: checkDigest,
		field: ofConfig(func(c *Config) any { return &c.Policy.Schemas }),
	},
	{
		Path: "policy.prompts", Doc: "Digests of the words about figures that may be sent; a route whose words are not among them is refused, with the digest.", check: checkDigest,
		field: ofConfig(func(c *Config) any { return &c.Policy.Prompts }),
	},
	{
		Path: "policy.hosts", Doc: "Further base URLs of the provider, beside the built-in ones.", check: checkURL,
		field: ofConfig(func(c *Config) any { return &c.Policy.Hosts }),
	},
	{
		Path: "policy.development", Doc: "Everything on literal loopback addresses, over plain http; nothing else is let out.", Default: "false",
		field: ofConfig(func(c *Config) any { return &c.Policy.Development }),
	},

	{
		Path: "budget.credits_per_day", Doc: "How many credits all workers on one store spend in a day (UTC) at most: what a document may cost is reserved in the bucket before it is submitted, and what finds no budget waits; 0 is no bound.", Default: "0", check: checkCredits,
		field: ofConfig(func(c *Config) any { return &c.Budget.CreditsPerDay }),
	},
	{
		Path: "budget.credits_per_run", Doc: "How many credits one run spends at most where --max-credits is not given; 0 is no bound.", Default: "0", check: checkCredits,
		field: ofConfig(func(c *Config) any { return &c.Budget.CreditsPerRun }),
	},
	{
		Path: "budget.confirm_over", Doc: "Above how many credits, as estimated, a run asks on a terminal and elsewhere wants --yes or --max-credits; 0 never asks.", Default: "1000", check: checkCredits,
		field: ofConfig(func(c *Config) any { return &c.Budget.ConfirmOver }),
	},

	{
		Path: "keep.parsed", Doc: "How long a parse result is kept after it was written, or taken although it was due; then sweeps remove it unless an open job needs it, and a document that has to be parsed again is billed again. 0s keeps all.",
		Default: "90d", field: ofConfig(func(c *Config) any { return &c.Keep.Parsed }),
	},

	{
		Path: "defaults.model", Doc: "The provider's model; name a dated one, or results depend on the day.", Default: "extract-20260314",
		field: ofConfig(func(c *Config) any { return &c.Defaults.Model }),
	},
	{
		Path: "defaults.on_change", Doc: "What a new revision does about documents that are done.",
		Default: "new-documents", Values: onChange,
		field: ofConfig(func(c *Config) any { return &c.Defaults.OnChange }),
	},
	{
		Path: "defaults.on_uncertain", Doc: "What happens when it cannot be known whether a document was billed; resubmit may bill twice.",
		Default: "wait", Values: []string{"wait", "resubmit"},
		field: ofConfig(func(c *Config) any { return &c.Defaults.OnUncertain }),
	},
	{
		Path: "defaults.on_source_deleted", Doc: "What becomes of the result of a document that was deleted meanwhile; with discard nothing is submitted for it any more either.",
		Default: "keep", Values: []string{"keep", "discard"},
		field: ofConfig(func(c *Config) any { return &c.Defaults.OnSourceDeleted }),
	},
	{
		Path: "defaults.partial", Doc: "What becomes of a result that does not answer the whole schema.", Default: "accept", Values: partial,
		field: ofConfig(func(c *Config) any { return &c.Defaults.Partial }),
	},

	{
		Path: "defaults.parse_model", Doc: "The provider's model for parsing what is no Markdown; name a dated one, or results depend on the day.", Default: "dpt-2-20260410",
		field: ofConfig(func(c *Config) any { return &c.Defaults.ParseModel }),
	},

	{
		Path: "serve.admin", Doc: "Address of serve's /healthz, /readyz and /metrics, such as :9090; none when empty.", check: checkListen,
		field: ofConfig(func(c *Config) any { return &c.Serve.Admin }),
	},
}

var (
	onChange   = []string{"new-documents", "all", "refuse"}
	partial    = []string{"accept", "fail"}
	identities = []string{"default", "profile", "web-identity", "assume-role", "env"}
)

// identityKey is one key of a signer.
func identityKey(who, name string) Key {
	does := map[string]string{"reader": "signs GET in the exchange bucket", "writer": "signs PUT in the exchange bucket"}[who]
	k := Key{Path: "signing." + who + "." + name}
	k.field = ofConfig(func(c *Config) any {
		id := map[string]*Identity{"reader": &c.Signing.Reader, "writer": &c.Signing.Writer}[who]
		return map[string]any{
			"credentials": &id.Credentials, "role": &id.Role, "token_file": &id.TokenFile,
			"profile": &id.Profile, "prefix": &id.Prefix,
		}[name]
	})
	switch name {
	case "credentials":
		k.Doc, k.Default, k.Values = "Where the identity comes from that "+does+".", "default", identities
	case "role":
		k.Doc = "Role to take, of web-identity and assume-role."
	case "token_file":
		k.Doc = "File with the token of web-identity."
		k.Others = []string{"AWS_WEB_IDENTITY_TOKEN_FILE"}
	case "profile":
		k.Doc = "Profile of AWS's own configuration files, of profile."
	case "prefix":
		k.Doc = "Of env: <PREFIX>_ACCESS_KEY_ID, <PREFIX>_SECRET_ACCESS_KEY and <PREFIX>_SESSION_TOKEN are read."
	}
	return k
}

// routeKeys is every key of one entry of routes.
var routeKeys = []Key{
	{
		Path: "routes[].name", Doc: `1 to 63 of a-z, 0-9 and "-"; part of every result's key.`, Required: true,
		field: ofRoute(func(r *Route) any { return &r.Name }),
	},
	{
		Path: "routes[].match.prefix", Doc: `Start of the key; ends in "/"; {name} captures one segment.`,
		field: ofRoute(func(r *Route) any { return &r.Prefix }),
	},
	{
		Path: "routes[].match.suffix", Doc: "Endings of the key, each with its dot.", Default: ".md",
		field: ofRoute(func(r *Route) any { return &r.Suffix }),
	},
	{
		Path: "routes[].schema", Doc: "What to extract: a file beside this one, or s3://bucket/key.", Required: true,
		field: ofRoute(func(r *Route) any { return &r.Schema }),
	},
	{
		Path: "routes[].revision", Doc: "Counts the route's real edits, from 1.", Default: "1",
		field: ofRoute(func(r *Route) any { return &r.Revision }),
	},
	{
		Path: "routes[].model", Doc: "The provider's model; defaults.model when empty.",
		field: ofRoute(func(r *Route) any { return &r.Model }),
	},
	{
		Path: "routes[].strict", Doc: "Let the provider refuse keywords that it does not know.", Default: "false",
		field: ofRoute(func(r *Route) any { return &r.Strict }),
	},
	{
		Path: "routes[].on_change", Doc: "What a new revision does; defaults.on_change when empty.", Values: onChange,
		field: ofRoute(func(r *Route) any { return &r.OnChange }),
	},
	{
		Path: "routes[].partial", Doc: "What becomes of incomplete results; defaults.partial when empty.", Values: partial,
		field: ofRoute(func(r *Route) any { return &r.Partial }),
	},
	{
		Path: "routes[].parse.model", Doc: "The provider's model for documents that are no Markdown; defaults.parse_model when empty.",
		field: ofRoute(func(r *Route) any { return &r.Parse.Model }),
	},
	{
		Path: "routes[].parse.split", Doc: "Cut what was parsed by pages besides the whole.", Values: []string{"page"},
		field: ofRoute(func(r *Route) any { return &r.Parse.Split }),
	},
	{
		Path: "routes[].parse.custom_prompts.figure", Doc: "Words that tell the provider how to describe figures, 512 characters at most. They stay with the provider, so policy.prompts must have their digest.",
		field: ofRoute(func(r *Route) any { return &r.Parse.Figure }),
	},
	{
		Path: "routes[].parse.password", Doc: "Where the password of the route's documents lies: env:NAME or file:PATH. It is read at each submission and kept nowhere.", check: checkPasswordName,
		field: ofRoute(func(r *Route) any { return &r.Parse.Password }),
	},
}

// refused are keys that somebody may expect, and what does it instead. Accepting
// them in silence would let somebody rely on them.
var refused = map[string]string{
	"keep.failures": "let the bucket's lifecycle expire failures/: a sweep could take away what was written a moment ago",
	"keep.history":  "let the bucket's lifecycle expire zdr/history/, and noncurrent versions where the bucket has them",
	"keep.closed":   "records are kept for as long as their documents may be found, or those would be processed and billed again; no lifecycle rule may touch zdr/records/",
}

// secrets are names under which people try to put one into the file.
var secrets = []string{"api_key", "access_key_id", "secret_access_key", "session_token", "secret", "token", "password"}
