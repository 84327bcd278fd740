using System.Globalization;
using System.Numerics;

namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>
/// Interprets pickles of tensors and plain data (protocols 0 to 5). Nothing is ever imported or called: a global is a name in <see cref="PickleGlobals"/> or is
/// refused, and classes become <see cref="PickleObject"/>s, bags of attributes.
/// </summary>
/// <remarks>
/// None is null; bool, <see cref="long"/>, <see cref="BigInteger"/>, double, text and bytes are themselves; tuples are arrays, lists and sets are <c>List&lt;object?&gt;</c>.
/// There is no recursion, and every opcode takes memory in proportion to its own bytes, so that memory and time are bounded by the length of the input.
/// </remarks>
/// <param name="input">The pickle.</param>
/// <param name="torchScript">Whether the classes of TorchScript modules are allowed too.</param>
/// <param name="longBytesStay">Whether texts and bytes of more than <see cref="LongBytes"/> become a <see cref="PickleSpan"/> and are left where they stand: arrays in a file of data.</param>
internal sealed partial class Unpickler(PickleInput input, bool torchScript = false, bool longBytesStay = false)
{
    /// <summary>The most bytes that are read where long ones may stay.</summary>
    public const int LongBytes = 1 << 10;

    private const int MaximumProtocol = 5, MaximumDigits = 1000, MaximumNameLength = 1000;

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private readonly Dictionary<string, StorageReference> _storages = new(StringComparer.Ordinal);
    private long _copied;

    /// <summary>The storages that the pickles named, by key; the first where a key is named in several ways.</summary>
    public IReadOnlyDictionary<string, StorageReference> Storages => _storages;

    /// <summary>Reads one pickle, up to its STOP.</summary>
    /// <exception cref="InvalidDataException">The pickle is damaged or names something that is not allowed; the message says what, and at which byte.</exception>
    public object? Load()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        while (true)
        {
            var opcode = (PickleOpcode)input.ReadByte();
            if (opcode == PickleOpcode.Stop)
            {
                object? result = Pop();
                return _stack.Count == 0 && _marks.Count == 0 ? result : throw input.Broken($"the pickle stops with {_stack.Count + _marks.Count} values left over");
            }
            Step(opcode);
        }
    }

    private void Step(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto:
                int protocol = input.ReadByte();
                if (protocol > MaximumProtocol) throw input.Broken($"expected a pickle protocol of at most {MaximumProtocol}; found {protocol}");
                break;
            case PickleOpcode.Frame: input.CheckCount(input.ReadInt64()); break;

            case PickleOpcode.None: Push(null); break;
            case PickleOpcode.NewTrue: Push(true); break;
            case PickleOpcode.NewFalse: Push(false); break;
            case PickleOpcode.BinInt: Push((long)input.ReadInt32()); break;
            case PickleOpcode.BinInt1: Push((long)input.ReadByte()); break;
            case PickleOpcode.BinInt2: Push((long)input.ReadUInt16()); break;
            case PickleOpcode.Int: Push(ParseInt(input.ReadLine(MaximumDigits))); break;
            case PickleOpcode.Long: Push(ParseInt(input.ReadLine(MaximumDigits).TrimEnd('L'))); break;
            case PickleOpcode.Long1: Push(ParseLong(input.ReadByte())); break;
            case PickleOpcode.Long4: Push(ParseLong(input.ReadInt32())); break;
            case PickleOpcode.BinFloat: Push(input.ReadBigEndianDouble()); break;
            case PickleOpcode.Float:
                string digits = input.ReadLine(MaximumDigits);
                Push(double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : throw input.Broken($"expected a number; found '{digits}'"));
                break;

            case PickleOpcode.BinUnicode: Push(input.ReadText((uint)input.ReadInt32())); break;
            case PickleOpcode.BinString: PushLong((uint)input.ReadInt32(), input.ReadText); break;   // Python 2's bytes and text
            case PickleOpcode.ShortBinUnicode or PickleOpcode.ShortBinString: Push(input.ReadText(input.ReadByte())); break;
            case PickleOpcode.BinUnicode8: Push(input.ReadText(input.ReadInt64())); break;
            case PickleOpcode.BinBytes: PushLong((uint)input.ReadInt32(), input.ReadBytes); break;
            case PickleOpcode.ShortBinBytes: Push(input.ReadBytes(input.ReadByte())); break;
            case PickleOpcode.BinBytes8 or PickleOpcode.ByteArray8: PushLong(input.ReadInt64(), input.ReadBytes); break;

            case PickleOpcode.Mark: _marks.Add(_stack.Count); break;
            case PickleOpcode.Pop:
                if (_marks.Count > 0 && _marks[^1] == _stack.Count) _marks.RemoveAt(_marks.Count - 1);
                else Pop();
                break;
            case PickleOpcode.PopMark: PopToMark(); break;
            case PickleOpcode.Dup: Push(Top()); break;

            case PickleOpcode.EmptyTuple: Push(Array.Empty<object?>()); break;
            case PickleOpcode.Tuple1: PushTuple(1); break;
            case PickleOpcode.Tuple2: PushTuple(2); break;
            case PickleOpcode.Tuple3: PushTuple(3); break;
            case PickleOpcode.Tuple: Push(PopToMark()); break;
            case PickleOpcode.EmptyList or PickleOpcode.EmptySet: Push(new List<object?>()); break;
            case PickleOpcode.List or PickleOpcode.FrozenSet: Push(new List<object?>(PopToMark())); break;
            case PickleOpcode.Append:
                object? item = Pop();
                Top<List<object?>>("a list").Add(item);
                break;
            case PickleOpcode.Appends or PickleOpcode.AddItems:
                object?[] items = PopToMark();
                Top<List<object?>>("a list or set").AddRange(items);
                break;
            case PickleOpcode.EmptyDict: Push(new PickleDictionary()); break;
            case PickleOpcode.Dict:
                object?[] pairs = PopToMark();
                Push(new PickleDictionary());
                SetItems(pairs);
                break;
            case PickleOpcode.SetItem:
                object? value = Pop();
                SetItems([Pop(), value]);
                break;
            case PickleOpcode.SetItems: SetItems(PopToMark()); break;

            case PickleOpcode.Put: _memo[ParseIndex()] = Top(); break;
            case PickleOpcode.BinPut: _memo[input.ReadByte()] = Top(); break;
            case PickleOpcode.LongBinPut: _memo[(uint)input.ReadInt32()] = Top(); break;
            case PickleOpcode.Memoize: _memo[_memo.Count] = Top(); break;
            case PickleOpcode.Get: PushMemo(ParseIndex()); break;
            case PickleOpcode.BinGet: PushMemo(input.ReadByte()); break;
            case PickleOpcode.LongBinGet: PushMemo((uint)input.ReadInt32()); break;

            case PickleOpcode.Global: PushGlobal(input.ReadLine(MaximumNameLength), input.ReadLine(MaximumNameLength)); break;
            case PickleOpcode.StackGlobal:
                object? name = Pop();
                PushGlobal(Text(Pop(), "a module's name"), Text(name, "a global's name"));
                break;
            case PickleOpcode.Reduce or PickleOpcode.NewObj or PickleOpcode.NewObjEx:
                if (opcode == PickleOpcode.NewObjEx) Pop();   // arguments by name
                object?[] arguments = Pop() as object?[] ?? throw input.Broken("expected a tuple of arguments; found another value");
                Push(Call(Pop(), arguments));
                break;
            case PickleOpcode.Build:
                object? state = Pop();
                if (Top() is PickleObject target) target.State = state;
                else if (Top() is not (PickleDictionary or TensorReference)) throw input.Broken("expected an object to give a state to; found another value");
                break;
            case PickleOpcode.BinPersId: Push(PersistentId(Pop())); break;

            default:
                string known = Enum.IsDefined(opcode) ? $"the pickle uses the opcode {opcode.ToString().ToUpperInvariant()} (0x{(byte)opcode:x2}), which is not allowed" : $"there is no pickle opcode 0x{(byte)opcode:x2}";
                throw input.Broken(known);
        }
    }

    private void Push(object? value) => _stack.Add(value);

    private void PushLong(long count, Func<long, object> read) => Push(longBytesStay && count > LongBytes ? input.SkipBytes(count) : read(count));

    private object? Top() => _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) ? _stack[^1] : throw input.Broken("expected a value on the pickle's stack; it is empty");

    private T Top<T>(string what)
        where T : class => Top() as T ?? throw input.Broken($"expected {what}; found another value");

    private object? Pop()
    {
        object? value = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0) throw input.Broken("expected a mark on the pickle's stack; there is none");
        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        object?[] values = [.. _stack[mark..]];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private void PushTuple(int count)
    {
        object?[] values = new object?[count];
        for (int i = count - 1; i >= 0; i--) values[i] = Pop();
        Push(values);
    }

    private void SetItems(object?[] pairs)
    {
        if (pairs.Length % 2 != 0) throw input.Broken($"expected pairs of keys and values; found {pairs.Length} values");
        // Attributes set on an opaque object that acts as a dictionary are dropped with it.
        if (Top() is PickleObject) return;
        PickleDictionary dictionary = Top<PickleDictionary>("a dictionary");
        for (int i = 0; i < pairs.Length; i += 2) dictionary.Items.Add((pairs[i], pairs[i + 1]));
    }

    private void PushMemo(long index) => Push(_memo.TryGetValue(index, out object? value) ? value : throw input.Broken($"expected a value that was kept before; found none of the number {index}"));

    private long ParseIndex()
    {
        string digits = input.ReadLine(MaximumDigits);
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : throw input.Broken($"expected the number of a kept value; found '{digits}'");
    }

    private object ParseInt(string digits)
    {
        if (digits is "00" or "01") return digits == "01";   // protocol 0's False and True
        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) return number;
        return BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger big) ? big : throw input.Broken($"expected a whole number; found '{digits}'");
    }

    private object ParseLong(int length)
    {
        var number = new BigInteger(input.ReadBytes(length));   // little-endian two's complement, as Python's
        return number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number;   // without the cast both would be BigIntegers
    }

    private string Text(object? value, string what) => value as string ?? throw input.Broken($"expected {what}; found another value");
}
