package binpkg

import (
	"errors"
	"fmt"
	"strings"
)

// tree is the names of an image so far with their types. Directories that only
// other names imply are there, too.
type tree map[string]EntryType

// implied is the type of a directory without an entry of its own.
const implied EntryType = 0

// add checks a name against the earlier ones: no name twice, nothing below what is
// not a directory, links only to what is there.
func (t tree) add(e *Entry) error {
	old, there := t[e.Name]
	switch {
	case there && (old != implied || e.Name == "."):
		return errors.New("the name is in the image twice")
	case there && e.Type != Directory:
		return fmt.Errorf("a %s where other entries need a directory", e.Type)
	case e.Name == "." && e.Type != Directory:
		return fmt.Errorf("the root cannot be a %s", e.Type)
	}
	if err := t.addParents(e.Name); err != nil {
		return err
	}
	if e.Type == Hardlink {
		switch to, ok := t[e.Linkname]; {
		case !ok:
			return fmt.Errorf("a hard link to %.80q, which is not in the image before it", e.Linkname)
		case to == Directory || to == implied:
			return fmt.Errorf("a hard link to the directory %.80q", e.Linkname)
		}
	}
	t[e.Name] = e.Type
	return nil
}

// addParents walks up until a known directory.
func (t tree) addParents(name string) error {
	for {
		at := strings.LastIndexByte(name, '/')
		if at < 0 {
			return nil
		}
		name = name[:at]
		switch old, there := t[name]; {
		case there && (old == Directory || old == implied):
			return nil
		case there && old == Symlink:
			return fmt.Errorf("it lies below %.80q, which is a symbolic link in the same image: it would be written where the link leads", name)
		case there:
			return fmt.Errorf("it lies below %.80q, which is a %s", name, old)
		}
		t[name] = implied
	}
}
