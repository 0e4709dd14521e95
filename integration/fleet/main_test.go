//go:build unix

package fleet

import (
	"testing"

	"github.com/zdrworker/zdrworker/integration/miniotest"
)

func TestMain(m *testing.M) { miniotest.Main(m) }
