package render

// palette paints with the terminal colours that emerge uses by default.
type palette struct{ on bool }

// Colours by meaning; the values are ANSI SGR parameters.
const (
	merge     = "32"   // a package that is merged
	requested = "32;1" // one that was asked for or is in world
	enabled   = "31;1" // an enabled flag
	disabled  = "34;1" // a disabled flag
	changed   = "32;1" // a flag that changes
	fresh     = "33;1" // a flag that is new or gone
	good      = "32;1"
	warn      = "33;1"
	bad       = "31;1"
	letterU   = "36;1"
	letterD   = "34;1"
	oldText   = "34;1" // versions that go away
	bold      = "1"
	label     = "32" // names of fields
)

func (p palette) paint(style, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[39;49;00m"
}
