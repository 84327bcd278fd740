namespace Microsoft.ML.Data;

/// <summary>Rows in random order: a pool of rows is held, a row is drawn from it, and its place is given to the next.</summary>
internal sealed class ShuffledView : IDataView
{
    private readonly IDataView _input;
    private readonly int _poolSize;
    private readonly bool _shuffleSource;
    private readonly int _seed;

    public ShuffledView(IDataView input, int seed, int poolSize, bool shuffleSource)
    {
        _input = new ColumnSubsetView(input, column => RawTypes.CanCopy(column.Type));
        _seed = seed;
        _poolSize = poolSize;
        _shuffleSource = shuffleSource;
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _input.Schema;

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        // Without a generator of the reader each pass has the same order, as in ML.NET.
        rand ??= new Random(_seed);
        bool[] active = columnsNeeded.ToFlags(Schema);
        DataViewRowCursor cursor = _input.GetRowCursor(Schema.Where(active), _shuffleSource && _input.CanShuffle ? new Random(rand.Next()) : null);
        return new Cursor(cursor, active, rand, _poolSize);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursor
    {
        private readonly DataViewRowCursor _input;
        private readonly Random _rand;
        private readonly ColumnStore[] _stores;
        private readonly List<DataViewRowId> _ids = [];
        private readonly ValueGetter<DataViewRowId> _getId;
        private readonly List<int> _pool = [];
        private readonly int _poolSize;
        private int _current = -1;
        private bool _ended;

        public Cursor(DataViewRowCursor input, bool[] active, Random rand, int poolSize)
        {
            _input = input;
            _rand = rand;
            _poolSize = poolSize;
            _getId = input.GetIdGetter();
            _stores = [.. input.Schema.Select(column => active[column.Index] ? ColumnStore.For(column) : null)];
            foreach (DataViewSchema.Column column in input.Schema.Where(active))
                _stores[column.Index].Bind(input, column);
        }

        public override DataViewSchema Schema => _input.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _stores[column.Index] is not null;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = _ids[Index()];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Errors.CheckActive(IsColumnActive(column), column);
            return Errors.CastGetter<TValue>(_stores[column.Index].Getter(Index), column);
        }

        protected override bool MoveNextCore()
        {
            // The place of the row that has been read is free; the pool is filled up with it and new places.
            if (_current >= 0)
                Fill(_current);
            while (!_ended && _pool.Count < _poolSize)
                Fill(_ids.Count);
            if (_pool.Count == 0)
                return false;
            int at = _rand.Next(_pool.Count);
            _current = _pool[at];
            _pool[at] = _pool[^1];
            _pool.RemoveAt(_pool.Count - 1);
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _input.Dispose();
            base.Dispose(disposing);
        }

        private int Index()
        {
            CheckGood();
            return _current;
        }

        private void Fill(int place)
        {
            if (_ended || !_input.MoveNext())
            {
                _ended = true;
                return;
            }
            bool isNew = place == _ids.Count;
            DataViewRowId id = default;
            _getId(ref id);
            if (isNew)
                _ids.Add(id);
            else
                _ids[place] = id;
            foreach (ColumnStore store in _stores)
            {
                if (isNew)
                    store?.Append();
                else
                    store?.Replace(place);
            }
            _pool.Add(place);
        }
    }
}
