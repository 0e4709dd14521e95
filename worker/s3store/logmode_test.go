package s3store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
)

// An aws.Config that logs everything, as one does to find a fault elsewhere,
// makes no bucket of documents log names, signatures and bodies.
func TestNoModeOfTheSDKLogs(t *testing.T) {
	var said strings.Builder
	s, _ := answering(t, 500, "InternalError")
	cfg := config(*s.client.Options().BaseEndpoint)
	cfg.ClientLogMode = aws.LogSigning | aws.LogRetries | aws.LogRequestWithBody | aws.LogResponseWithBody | aws.LogRequestEventMessage | aws.LogResponseEventMessage
	cfg.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) { fmt.Fprintf(&said, format+"\n", v...) })
	s, err := Open(t.Context(), cfg, "s3://acme-docs")
	if err != nil {
		t.Fatal(err)
	}
	_, _, _ = write(t, s), copyIt(t, s), readIt(t, s)
	if said.Len() != 0 {
		t.Errorf("the SDK logged %d bytes; of the key: %v", said.Len(), strings.Contains(said.String(), secretKey))
	}
}
