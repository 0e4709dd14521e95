package worker

import "testing"

func TestStandingStatus(t *testing.T) {
	partial := &parseRef{Partial: true}
	for _, tt := range []struct {
		name string
		r    record
		want string
	}{
		{"as it should be", record{Receipt: &receipt{}}, StatusOK},
		{"of some pages only", record{Receipt: &receipt{}, Parse: partial}, StatusPartial},
		{"of all pages", record{Receipt: &receipt{}, Parse: &parseRef{}}, StatusOK},
		{"against the schema", record{Receipt: &receipt{Violation: true}, Parse: partial}, StatusSchemaViolation},
		{"without a receipt", record{}, StatusOK},
	} {
		if got := tt.r.standing(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
