package filetype

// Kind is what a suffix promises.
type Kind struct {
	// MIME is what the content must be, or derive from; "" takes anything.
	MIME string
	// also are other types that a reader takes for the same.
	also []string
	// Sheet: the provider reads it as a spreadsheet, which has a limit of its own.
	Sheet bool
}

const (
	zip = "application/zip"
	ole = "application/x-ole-storage"
)

// kinds are the suffixes without their dot, in lower case. A file of Office is
// an archive, and is told from another archive only where its first bytes say so.
var kinds = map[string]Kind{
	"pdf":  {MIME: "application/pdf"},
	"png":  {MIME: "image/png"},
	"jpg":  {MIME: "image/jpeg"},
	"jpeg": {MIME: "image/jpeg"},
	"jfif": {MIME: "image/jpeg"},
	"tif":  {MIME: "image/tiff"},
	"tiff": {MIME: "image/tiff"},
	"gif":  {MIME: "image/gif"},
	"bmp":  {MIME: "image/bmp"},
	"webp": {MIME: "image/webp"},
	"heic": {MIME: "image/heic", also: []string{"image/heic-sequence", "image/heif", "image/heif-sequence"}},
	"doc":  {MIME: ole},
	"ppt":  {MIME: ole},
	"xls":  {MIME: ole, Sheet: true},
	"docx": {MIME: zip},
	"pptx": {MIME: zip},
	"xlsx": {MIME: zip, Sheet: true},
	"odt":  {MIME: zip},
	"odp":  {MIME: zip},
	"csv":  {MIME: "text/plain", Sheet: true},
	"txt":  {MIME: "text/plain"},
	"html": {MIME: "text/plain"},
	"htm":  {MIME: "text/plain"},
}

// Known reports whether the provider parses files with this suffix, and what
// such a suffix promises.
func Known(ext string) (Kind, bool) {
	k, ok := kinds[ext]
	return k, ok
}
