package bucket

// Properties is what a bucket says of itself, as far as it answers. It decides
// what a bucket may be used for: nothing may be staged where a default
// retention would make the staged copy undeletable.
type Properties struct {
	Versioning Versioning
	// DefaultRetention is set when objects written without saying so are
	// locked against deletion.
	DefaultRetention bool
	// Encryption is the default, as the store names it ("AES256", "aws:kms");
	// empty when there is none.
	Encryption string
	// Unknown names the questions ("versioning", "retention", "encryption")
	// that the store refused or does not know; their fields above are zero.
	Unknown []string
}

// Versioning says what a bucket does with an object that is written again.
type Versioning string

// The three states of a bucket.
const (
	Unversioned Versioning = ""          // replaced and gone
	Enabled     Versioning = "Enabled"   // kept as an older version
	Suspended   Versioning = "Suspended" // replaced, but older versions are still there
)
