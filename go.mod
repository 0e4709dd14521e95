module github.com/zdrworker/zdrworker

go 1.26.0

require (
	codeberg.org/go-pdf/fpdf v0.12.0 // tests: makes PDFs, good and encrypted ones
	github.com/Admiral-Piett/goaws v0.5.4 // tests: an SQS that really redelivers, in the process
	github.com/aws/aws-lambda-go v1.55.1 // Lambda's runtime API as its maker speaks it
	github.com/aws/aws-sdk-go-v2 v1.48.0 // S3, STS and SQS as their maker writes them; the presigner is part of it
	github.com/aws/aws-sdk-go-v2/config v1.33.16
	github.com/aws/aws-sdk-go-v2/credentials v1.20.16
	github.com/aws/aws-sdk-go-v2/feature/s3/manager v1.23.22
	github.com/aws/aws-sdk-go-v2/service/s3 v1.114.9
	github.com/aws/aws-sdk-go-v2/service/secretsmanager v1.50.11 // the API key, where it is kept in AWS Secrets Manager
	github.com/aws/aws-sdk-go-v2/service/sqs v1.52.11
	github.com/aws/aws-sdk-go-v2/service/sts v1.51.9
	github.com/aws/smithy-go v1.28.9
	github.com/creack/pty v1.1.24 // tests: a terminal, for what a person is asked; small, alive, in Go alone
	github.com/goccy/go-yaml v1.19.2 // the configuration file, with line and column in errors; yaml.v3 is archived
	github.com/gowebpki/jcs v1.0.2 // canonical JSON (RFC 8785): a schema has one digest however it is written
	github.com/ledongthuc/pdf v0.0.0-20260907135840-6c8c28e0e8a0 // pages, passwords and text of PDFs, read by position: a gigabyte is not held; alive, BSD, in Go alone
	github.com/moby/moby/client v0.6.2 // tests: says whether a Docker engine answers
	github.com/nats-io/nats-server/v2 v2.15.2 // tests: a real server with JetStream, in the process
	github.com/nats-io/nats.go v1.55.0 // NATS JetStream, which MinIO publishes to by itself
	github.com/prometheus/client_golang v1.25.0 // metrics, in the form that everything reads
	github.com/prometheus/client_model v0.6.3 // what a registry gathers, for CloudWatch
	github.com/rclone/gofakes3 v0.0.12 // the embedded S3 server: it checks signatures and expiry; left out with the tag nosandbox
	github.com/rogpeppe/go-internal v1.16.0 // tests: testscript, for the command line
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // results are held to their JSON Schema; follows the whole test suite of the standard
	github.com/sirupsen/logrus v1.9.4 // tests: silenced, because the SQS of the tests logs bodies through it
	github.com/spf13/cobra v1.10.2 // commands, help and completion as users know them
	github.com/spf13/pflag v1.0.9
	github.com/testcontainers/testcontainers-go v0.45.0 // tests: MinIO in a container
	golang.org/x/net v0.62.0 // the stand-in reads HTML tables
	golang.org/x/sys v0.49.0 // prctl: no core dumps with documents in them
	golang.org/x/term v0.47.0 // whether a person reads, and how wide the terminal is
)

require (
	github.com/klippa-app/go-pdfium v1.21.4 // pictures of pages for a person: PDFium itself, in a WebAssembly sandbox, without cgo
	github.com/tetratelabs/wazero v1.12.0 // the sandbox: it is given no folder and no network
)

require github.com/gabriel-vasile/mimetype v1.4.16 // what a file is by its content, whatever its name says

require (
	dario.cat/mergo v1.0.2 // indirect
	github.com/Azure/go-ansiterm v0.0.0-20261006220739-8c912ac31dd4 // indirect
	github.com/Microsoft/go-winio v0.6.2 // indirect
	github.com/antithesishq/antithesis-sdk-go v0.8.0-default-no-op // indirect
	github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream v1.7.26 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.8 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.11 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.11 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.11 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.24 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/checksum v1.11.12 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.11 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/s3shared v1.20.11 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.12.4 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.4 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.4 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/containerd/errdefs v1.0.0 // indirect
	github.com/containerd/errdefs/pkg v0.3.0 // indirect
	github.com/containerd/log v0.1.0 // indirect
	github.com/containerd/platforms v0.2.1 // indirect
	github.com/cpuguy83/dockercfg v0.3.2 // indirect
	github.com/distribution/reference v0.6.0 // indirect
	github.com/docker/go-connections v0.8.2 // indirect
	github.com/docker/go-units v0.5.0 // indirect
	github.com/ebitengine/purego v0.10.1 // indirect
	github.com/felixge/httpsnoop v1.1.0 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/go-ole/go-ole v1.3.0 // indirect
	github.com/google/go-tpm v0.9.8 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gorilla/mux v1.8.0 // indirect
	github.com/gorilla/schema v1.4.1 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jolestar/go-commons-pool/v2 v2.1.2 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/lufia/plan9stats v0.0.0-20260330125221-c963978e514e // indirect
	github.com/magiconair/properties v1.18.12 // indirect
	github.com/minio/highwayhash v1.0.4 // indirect
	github.com/minio/xxml v0.0.3 // indirect
	github.com/mitchellh/copystructure v1.2.0 // indirect
	github.com/mitchellh/reflectwalk v1.0.2 // indirect
	github.com/moby/docker-image-spec v1.3.1 // indirect
	github.com/moby/go-archive v0.3.3 // indirect
	github.com/moby/moby/api v1.56.1 // indirect
	github.com/moby/patternmatcher v0.6.1 // indirect
	github.com/moby/sys/sequential v0.7.0 // indirect
	github.com/moby/sys/user v0.4.1 // indirect
	github.com/moby/sys/userns v0.1.0 // indirect
	github.com/moby/term v0.5.2 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/nats-io/jwt/v2 v2.8.2 // indirect
	github.com/nats-io/nkeys v0.4.16 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/opencontainers/image-spec v1.1.1 // indirect
	github.com/power-devops/perfstat v0.0.0-20240221224432-82ca36839d55 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/ryszard/goskiplist v0.0.0-20150312221310-2dfbae5fcf46 // indirect
	github.com/shabbyrobe/gocovmerge v0.0.0-20230507112040-c3350d9342df // indirect
	github.com/shirou/gopsutil/v4 v4.26.6 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	github.com/tklauser/go-sysconf v0.4.0 // indirect
	github.com/tklauser/numcpus v0.12.0 // indirect
	github.com/yusufpapurcu/wmi v1.2.4 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.69.0 // indirect
	go.opentelemetry.io/otel v1.44.0 // indirect
	go.opentelemetry.io/otel/metric v1.44.0 // indirect
	go.opentelemetry.io/otel/trace v1.44.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.16.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
