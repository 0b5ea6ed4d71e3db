package txn

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// name is a file name in a journal. JSON is text, and names are bytes: what is not
// plain ASCII is written as %XX.
type name string

func (n name) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	for i := range len(n) {
		if c := n[i]; c < 0x20 || c >= 0x7f || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return json.Marshal(b.String())
}

func (n *name) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+3 > len(s) {
			return fmt.Errorf("the name %q ends in the middle of an escape", s)
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return fmt.Errorf("the name %q has a bad escape", s)
		}
		b.WriteByte(byte(c))
		i += 2
	}
	*n = name(b.String())
	return nil
}

// MarshalJSON writes an operation for the journal.
func (o *Op) MarshalJSON() ([]byte, error) {
	return json.Marshal(stored{plain: (*plain)(o), Path: name(o.Path), New: name(o.New), From: name(o.From), Old: name(o.Old)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (o *Op) UnmarshalJSON(data []byte) error {
	s := stored{plain: (*plain)(o)}
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	o.Path, o.New, o.From, o.Old = string(s.Path), string(s.New), string(s.From), string(s.Old)
	return nil
}

type plain Op

// stored has the names of an Op in the form of the journal; its fields hide those of
// the same name.
type stored struct {
	*plain
	Path name `json:"path"`
	New  name `json:"new,omitempty"`
	From name `json:"from,omitempty"`
	Old  name `json:"old,omitempty"`
}
