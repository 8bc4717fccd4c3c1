package engine

import "context"

// Describer is what a Connection also is when its system can say what it is set up with.
type Describer interface {
	// Describe reads what the connection's account may read of the system's setup and changes nothing.
	// names are the lists of names wanted, each "object.field" without the connection ("user.user_name");
	// one that the system cannot list is left out. A part that the account may not read is in Unread;
	// any other trouble ends the description with a *Fault.
	Describe(ctx context.Context, names []string) (Description, error)
}

// Description is what a system says about itself. It holds nothing of a record of a person.
type Description struct {
	Fields []SetField  // of the objects whose Object.Open is true, and others where the system tells
	Lists  []SetList   // options that fields choose from
	Names  []SetNames  // records that specs speak of by name
	Rights []SetRights // per object that the system tells about; others are not known
	Unread []Unread
}

// SetField is one field as the system is set up now.
type SetField struct {
	Object string // without the connection
	Name   string // "sex", or "visits.kind" for a column of rows
	Type   Type
	List   string // the SetList its values are chosen from; "" when there is none that can be listed
	Hidden bool   // switched off, or not shown
	Barred bool   // the account's role may not see it

	ReadOnly bool // the account's role may not change it: what is written to it is lost
}

// SetList is one list of options.
type SetList struct {
	Name  string // as the system calls it
	Codes []SetCode
}

// SetCode is one entry: an option, or a name.
type SetCode struct {
	Code     string
	Label    string // for people; "" for names, which may be those of persons
	Disabled bool
}

// SetNames are the values of one field over all records of an object that the account may see.
type SetNames struct {
	Object string // without the connection
	Field  string
	Codes  []SetCode
}

// SetRights say what the account may do with one object.
type SetRights struct {
	Object string // without the connection
	Read   bool
	Verbs  []Verb
}

// Unread is a part of the setup that the account may not read.
type Unread struct {
	What  string // "users"
	Names string // the list of names that is not known for it, "user.user_name"; "" when it is something else
	Fault *Fault
}
