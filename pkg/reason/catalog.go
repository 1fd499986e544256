package reason

// What the catalog does not allow.
var (
	NoCluster     = say("there is no cluster %.64q", "クラスター %s はありません")
	NoRole        = say("%s does not offer the role %.64q", "%s では役割 %s を利用できません")
	NotHeld       = say("%s does not hold %.64q", "%s に %s は含まれていません")
	NotBetween    = say("%s is not between %s and %s", "%s は %s から %s の範囲にありません")
	NoDatabase    = say("no database is asked for", "データベースを選んでください")
	OtherDatabase = say("%s does not offer the database %.64q", "%s ではデータベース %s を利用できません")
	AskedTwice    = say("%.130q is asked for twice", "%s が二度指定されています")
	TablesOnly    = say("%s is for some tables only, and none of them is asked for", "%s は一部のテーブル専用です。そのいずれも指定されていません")
	OutsideAsked  = say("%.130q is in no database that is asked for", "%s は選んだデータベースの中にありません")
	ColumnsOnly   = say("%.130q lists columns, which a role can be given only if it holds SELECT and nothing else; %s holds more", "%s は列を指定しています。列を指定できるのは SELECT だけの役割です。%s にはそれ以外も含まれます")
	OutsideRole   = say("%.130q is not among the tables of %s", "%s は %s のテーブルに含まれていません")
	TooMuchToShow = say("this is more than an approver can be shown at once; ask for it in several requests", "承認者に一度に表示できる量を超えています。複数の申請に分けてください")
	NotScope      = say("%.130q is not database.*, database.table or database.table(column, column)", "%s は database.*、database.table、database.table(column, column) のいずれでもありません")
	ColumnTwice   = say("%.130q lists %q twice", "%s に %s が二度あります")
)

// What the policy does not allow: its own forbids, by the words that policy.cedar has for them.
var (
	NoPolicies   = say("the policies of this installation could not be read, so nothing is allowed", "この環境のポリシーを読み込めないため、何も許可されません")
	NoAction     = say("this is no action that anybody could take", "そのような操作はありません")
	PolicyFailed = say("a policy failed while it was asked, so nothing is allowed", "ポリシーの評価に失敗したため、何も許可されません")
	NoPermit     = say("no policy permits this to this person", "この人に許可するポリシーがありません")

	_ = say("nobody decides about their own request: the e-mail address is the requester's", "自分の申請を自分で判断することはできません: メールアドレスが申請者と同じです")
	_ = say("it is not known whose request this is", "誰の申請か分かりません")
	_ = say("guests, bots, deactivated people and people of other organisations may do nothing", "ゲスト、ボット、無効なアカウント、他の組織の人は何もできません")
	_ = say("only people whose e-mail address is of one of the installation's domains may do anything", "この環境のドメインのメールアドレスを持つ人だけが操作できます")
)
